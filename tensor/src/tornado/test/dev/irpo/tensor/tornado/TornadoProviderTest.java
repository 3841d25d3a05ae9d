package dev.irpo.tensor.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.irpo.tensor.device.DeviceGraphs;
import dev.irpo.tensor.device.DeviceKernels;
import dev.irpo.tensor.device.DeviceProvider.Device;
import dev.irpo.tensor.device.DeviceProvider.Options;
import dev.irpo.tensor.device.SamplingWeights;
import dev.irpo.tensor.tornado.TornadoKernels.Form;
import java.util.Locale;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What a device does not have is refused before it starts.
@Tag("device")
class TornadoProviderTest {
  private final TornadoProvider provider = new TornadoProvider();
  private final Device device = provider.devices().getFirst();

  private void assertNeedsCuda(String setting, Options options) {
    assumeFalse(device.api().equals("CUDA"));
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> provider.start(device, options, (done, total) -> {}))
            .getMessage();
    assertTrue(message.startsWith(setting) && message.contains(device.api()), message);
    assertTrue(message.endsWith("needs TornadoVM's CUDA backend, use auto"), message);
  }

  @ParameterizedTest
  @EnumSource(names = {"CUBLAS", "TF32", "SGEMM"})
  void librariesOfCudaNeedIt(DeviceKernels kernels) {
    String setting = "compute.deviceKernels is " + kernels.name().toLowerCase(Locale.ROOT);
    assertNeedsCuda(setting, new Options(kernels, SamplingWeights.AUTO, DeviceGraphs.AUTO));
  }

  @Test
  void graphsOfCudaNeedIt() {
    Options on = new Options(DeviceKernels.AUTO, SamplingWeights.AUTO, DeviceGraphs.ON);
    assertNeedsCuda("compute.deviceGraphs is on", on);
  }

  /// OpenCL promises 32 kB.
  @Test
  void attentionInTilesNeedsItsLocalMemory() {
    assertEquals(Form.SMALL_GROUPS, Form.groups(32 << 10));
    assertEquals(Form.GROUPS, Form.groups(48 << 10));
    assertFalse(Form.SMALL_GROUPS.tilesAttention());
    assertTrue(Form.GROUPS.tilesAttention());
  }
}
