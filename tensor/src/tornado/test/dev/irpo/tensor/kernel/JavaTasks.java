package dev.irpo.tensor.kernel;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import java.util.function.Consumer;
import uk.ac.manchester.tornado.api.TaskGraphInterface;
import uk.ac.manchester.tornado.api.common.LibraryTaskDescriptor;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/// Tasks of a device called as Java methods.
public final class JavaTasks {
  private JavaTasks() {}

  /// A task graph that calls each task's method at once.
  ///
  /// @param library what a task of a library is given to
  public static TaskGraphInterface calling(Consumer<LibraryTaskDescriptor> library) {
    InvocationHandler handler =
        (proxy, method, arguments) -> {
          Object code = arguments[1];
          requireDistinctArrays(arguments);
          for (Method candidate : method.getParameterTypes()[1].getMethods()) {
            if (candidate.getName().equals("apply")) {
              candidate.setAccessible(true);
              Object[] own = Arrays.copyOfRange(arguments, 2, arguments.length);
              if (candidate.invoke(code, own) instanceof LibraryTaskDescriptor call) {
                library.accept(call);
              }
              return proxy;
            }
          }
          throw new AssertionError("not a task: " + method);
        };
    ClassLoader loader = TaskGraphInterface.class.getClassLoader();
    Class<?>[] types = {TaskGraphInterface.class};
    return (TaskGraphInterface) Proxy.newProxyInstance(loader, types, handler);
  }

  /// TornadoVM 5.2.0 never ends ordering a task whose result is another of its arguments.
  private static void requireDistinctArrays(Object[] arguments) {
    Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    for (Object argument : arguments) {
      if (argument instanceof TornadoNativeArray && !seen.add(argument)) {
        throw new AssertionError(arguments[0] + " has an array twice");
      }
    }
  }
}
