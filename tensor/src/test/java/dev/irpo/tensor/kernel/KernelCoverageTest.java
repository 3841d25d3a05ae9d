package dev.irpo.tensor.kernel;

import static java.util.stream.Collectors.toSet;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Every kernel is compared with the reference.
class KernelCoverageTest {
  /// @param first argument, which a kernel writes
  private record Called(Method kernel, Object first) {
    /// Whether it is a result that is compared; an optional one that is left out is not.
    boolean isCompared(Predicate<Object> isResult) {
      return first instanceof Optional<?> wanted
          ? wanted.filter(isResult).isPresent()
          : isResult.test(first);
    }
  }

  private static Stream<Class<?>> families() {
    return Arrays.stream(Kernels.class.getRecordComponents()).map(RecordComponent::getType);
  }

  /// Kernels that note their calls.
  private static Kernels noting(List<Called> calls) throws ReflectiveOperationException {
    Object[] families =
        families()
            .map(family ->
                Proxy.newProxyInstance(
                    family.getClassLoader(),
                    new Class<?>[] {family},
                    (proxy, method, arguments) -> {
                      calls.add(new Called(method, arguments[0]));
                      return null;
                    }))
            .toArray();
    Constructor<Kernels> constructor =
        Kernels.class.getDeclaredConstructor(families().toArray(Class<?>[]::new));
    return constructor.newInstance(families);
  }

  @Test
  void everyKernelHasACaseThatComparesItsFirstResult() throws ReflectiveOperationException {
    List<Called> calls = new ArrayList<>();
    Kernels kernels = noting(calls);
    Set<Method> compared = new HashSet<>();
    KernelCases.all()
        .forEach(c -> {
          calls.clear();
          var isResult = c.call(kernels);
          calls.stream()
              .filter(call -> call.isCompared(isResult))
              .forEach(call -> compared.add(call.kernel()));
        });
    Set<Method> missing =
        families()
            .flatMap(family -> Arrays.stream(family.getMethods()))
            .filter(method -> !Modifier.isStatic(method.getModifiers()))
            .collect(toSet());
    assertTrue(missing.size() > 25, () -> "only " + missing + " were found");
    missing.removeAll(compared);
    assertEquals(Set.of(), missing, "kernels that no case compares");
  }
}
