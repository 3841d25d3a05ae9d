package dev.irpo.benchmarks.steps;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.irpo.benchmarks.setup.ChildJvm;
import dev.irpo.benchmarks.setup.Conditions;
import dev.irpo.benchmarks.setup.OtherLoad;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import org.hipparchus.stat.regression.SimpleRegression;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `bin/irpo bench scaling`.
@Command(
    name = "scaling",
    mixinStandardHelpOptions = true,
    description = {
      "Time and peak memory against tokens of a step, width, slots and context, each",
      "size in a JVM of its own. The exponent e says that it grows as sizeᵉ, from the",
      "size before and over all sizes."
    })
public final class ScalingCommand implements Callable<Integer> {
  private static final String FORM = "%8s %12s %23s %5s %9s %10s %10s%n";

  @Option(
      names = "--curves",
      split = ",",
      paramLabel = "NAME",
      description = "of ${COMPLETION-CANDIDATES}; default: all")
  private List<Curve> curves = List.of(Curve.values());

  @Mixin private TimingOptions options;

  /// What one size took.
  private record Point(int size, Timing time, OptionalLong bytes) {
    double seconds() {
      return time.median();
    }

    double megabytes() {
      return bytes.isEmpty() ? Double.NaN : bytes.getAsLong() / 1e6;
    }
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    options.check();
    System.out.print(Conditions.describe());
    int code = 0;
    for (Curve curve : curves) {
      System.out.printf("%n%s%n", curve.what());
      System.out.printf(
          FORM, "size", "median, s", "least … most", "runs", "memory", "e of time", "e of mem.");
      OtherLoad load = new OtherLoad();
      List<Point> points = new ArrayList<>();
      for (int size : curve.sizes()) {
        Optional<Point> point = measure(curve, size);
        if (point.isPresent()) {
          points.add(point.get());
          print(points);
        } else {
          System.out.printf("%8d failed%n", size);
          code = 1;
        }
      }
      System.out.printf(
          Locale.ROOT,
          "over all: time %s, memory %s%n",
          exponent(points, Point::seconds),
          exponent(points, Point::megabytes));
      Report.others(System.out, load);
    }
    return code;
  }

  private Optional<Point> measure(Curve curve, int size) throws IOException, InterruptedException {
    List<String> arguments =
        new ArrayList<>(List.of("point", curve.toString(), String.valueOf(size)));
    arguments.addAll(options.arguments());
    Optional<String> output = ChildJvm.outputOf(arguments);
    if (output.isEmpty()) {
      return Optional.empty();
    }
    JsonNode json = new ObjectMapper().readTree(output.get());
    Timing time =
        new Timing(
            json.path("median").asDouble(),
            json.path("least").asDouble(),
            json.path("most").asDouble(),
            json.path("runs").asInt());
    OptionalLong bytes =
        json.has("bytes") ? OptionalLong.of(json.path("bytes").asLong()) : OptionalLong.empty();
    return Optional.of(new Point(size, time, bytes));
  }

  /// The last point, beside the one before.
  private static void print(List<Point> points) {
    Point last = points.getLast();
    List<Point> two = points.subList(Math.max(0, points.size() - 2), points.size());
    System.out.printf(
        Locale.ROOT,
        FORM,
        last.size(),
        seconds(last.time().median()),
        seconds(last.time().least()) + " … " + seconds(last.time().most()),
        last.time().runs(),
        Report.memory(last.bytes()),
        exponent(two, Point::seconds),
        exponent(two, Point::megabytes));
  }

  private static String seconds(double value) {
    return String.format(Locale.ROOT, "%.3g", value);
  }

  private static String exponent(List<Point> points, ToDoubleFunction<Point> value) {
    double exponent =
        exponent(
            points.stream().mapToDouble(Point::size).toArray(),
            points.stream().mapToDouble(value).toArray());
    return Double.isNaN(exponent) ? "–" : String.format(Locale.ROOT, "%.2f", exponent);
  }

  /// Slope of the line of least squares through the logarithms; NaN for fewer than two points.
  static double exponent(double[] sizes, double[] values) {
    SimpleRegression line = new SimpleRegression();
    for (int i = 0; i < sizes.length; i++) {
      line.addData(Math.log(sizes[i]), Math.log(values[i]));
    }
    return line.getSlope();
  }
}
