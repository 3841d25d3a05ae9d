package dev.irpo.tensor.kernel;

import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.irpo.tensor.reference.ReferenceBackend;
import dev.irpo.tensor.tornado.TornadoKernels.Form;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// Every device kernel, called as Java, against the reference, but for cases where the output is an
/// input.
class TornadoJavaTest {
  @TestFactory
  Stream<DynamicTest> everyKernelAgreesWithTheReference() {
    Kernels reference = ReferenceBackend.inDoublePrecision().kernels();
    return KernelCases.all()
        .filter(c -> !c.name().contains(ElementwiseCases.IN_PLACE))
        .map(c ->
            dynamicTest(c.name(), () -> c.check(reference, ImmediateKernels.inJava(Form.PLAIN))));
  }

  /// The arguments of cuBLAS; in Java nothing rounds to TF32.
  @TestFactory
  Stream<DynamicTest> productsByCublasAgreeWithTheReference() {
    Kernels reference = ReferenceBackend.inDoublePrecision().kernels();
    return MatrixCases.all()
        .map(c ->
            dynamicTest(c.name(), () -> c.check(reference, ImmediateKernels.inJava(Form.CUBLAS))));
  }
}
