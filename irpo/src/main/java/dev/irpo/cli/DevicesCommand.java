package dev.irpo.cli;

import dev.irpo.model.Backends;
import dev.irpo.tensor.device.DeviceProvider;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/// `irpo devices`.
@Command(
    name = "devices",
    mixinStandardHelpOptions = true,
    description = "Lists the devices that --backend can name, the default first.")
final class DevicesCommand implements Callable<Integer> {
  @Override
  public Integer call() {
    DeviceProvider provider = Backends.devices();
    List<DeviceProvider.Device> devices = provider.devices();
    for (DeviceProvider.Device device : devices) {
      System.out.println(Backends.describe(device));
    }
    System.out.printf(
        "--backend %s takes %s: %s%n",
        provider.name(), devices.getFirst().place(), provider.preference());
    return 0;
  }
}
