package dev.irpo.testdata.disk;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.stream.StreamSupport;

/// Paths of a [WatchedDisk], each a path of the default file system that says it is of that one.
final class WatchedPaths {
  private WatchedPaths() {}

  /// Does what the real path does, with watched paths in and out.
  private record Handler(Path real, WatchedDisk disk) implements InvocationHandler {
    @Override
    public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
      return switch (method.getName()) {
        case "getFileSystem" -> disk;
        case "equals" -> isWatched(arguments[0]) && real.equals(unwrap((Path) arguments[0]));
        case "iterator" -> iterator();
        case "toFile", "toUri", "register" ->
            throw WatchedDisk.unwatched("what follows " + method.getName());
        default -> wrapped(method, arguments);
      };
    }

    private Object wrapped(Method method, Object[] arguments) throws Throwable {
      Object[] unwrapped = arguments == null ? new Object[0] : arguments.clone();
      for (int i = 0; i < unwrapped.length; i++) {
        if (isWatched(unwrapped[i])) {
          unwrapped[i] = unwrap((Path) unwrapped[i]);
        }
      }
      try {
        Object result = method.invoke(real, unwrapped);
        return result instanceof Path path ? wrap(path, disk) : result;
      } catch (InvocationTargetException e) {
        throw e.getCause();
      }
    }

    private Iterator<Path> iterator() {
      return StreamSupport.stream(real.spliterator(), false)
          .map(path -> wrap(path, disk))
          .iterator();
    }
  }

  static Path wrap(Path real, WatchedDisk disk) {
    return (Path)
        Proxy.newProxyInstance(
            WatchedPaths.class.getClassLoader(),
            new Class<?>[] {Path.class},
            new Handler(real, disk));
  }

  /// The path of the default file system.
  static Path unwrap(Path watched) {
    return isWatched(watched) ? ((Handler) Proxy.getInvocationHandler(watched)).real : watched;
  }

  private static boolean isWatched(Object object) {
    return object != null
        && Proxy.isProxyClass(object.getClass())
        && Proxy.getInvocationHandler(object) instanceof Handler;
  }
}
