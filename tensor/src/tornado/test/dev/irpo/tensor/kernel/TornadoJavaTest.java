package dev.irpo.tensor.kernel;

import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.irpo.tensor.reference.ReferenceBackend;
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
        .map(c -> dynamicTest(c.name(), () -> c.check(reference, ImmediateKernels.inJava())));
  }

  @TestFactory
  Stream<DynamicTest> productsByCublasAgreeWithTheReference() {
    Kernels reference = ReferenceBackend.inDoublePrecision().kernels();
    return Stream.of(0, GuardedArrays.GUARDS)
        .flatMap(before ->
            MatrixCases.manyRows()
                .map(c ->
                    dynamicTest(
                        c.name() + " after " + before,
                        () ->
                            c.check(reference, ImmediateKernels.inJavaWithCublas(false, before)))));
  }
}
