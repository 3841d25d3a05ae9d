/// Products by cuBLAS on the device's own memory: TornadoVM gives pointers and its stream,
/// `java.lang.foreign` calls the library.
package dev.irpo.tensor.tornado.gemm;
