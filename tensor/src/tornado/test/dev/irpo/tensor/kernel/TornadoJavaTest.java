package dev.irpo.tensor.kernel;

import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.irpo.tensor.DType;
import dev.irpo.tensor.reference.ReferenceBackend;
import dev.irpo.tensor.tornado.TornadoKernels.Form;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// Every device kernel, called as Java, against the reference, but for cases where the output is an
/// input.
class TornadoJavaTest {
  @TestFactory
  Stream<DynamicTest> everyKernelAgreesWithTheReference() {
    Kernels reference = ReferenceBackend.inDoublePrecision().kernels();
    return KernelCases.ofDevices()
        .filter(c -> !c.name().contains(ElementwiseCases.IN_PLACE))
        .map(c -> dynamicTest(c.name(), () -> c.check(reference, ImmediateKernels.inJava())));
  }

  @TestFactory
  Stream<DynamicTest> productsByCublasAgreeWithTheReference() {
    Kernels reference = ReferenceBackend.inDoublePrecision().kernels();
    return Stream.of(
            MatrixCases.all().filter(c -> !c.has(DType.BF16)),
            MatrixCases.evenHalves(),
            MatrixCases.manyRows(),
            MatrixCases.roundedWeights(),
            ScoreCases.all()
                .filter(c -> c.name().startsWith("tokenLogProbs") && !c.has(DType.BF16)))
        .flatMap(cases -> cases)
        .map(c ->
            dynamicTest(c.name(), () -> c.check(reference, ImmediateKernels.inJavaWithCublas())));
  }

  /// The tiles that would compute it elsewhere need a device, the plain form that they leave short
  /// rows to does not.
  @Test
  void anOddNumberOfRoundedElementsNeedsNoLibrary() {
    Kernels reference = ReferenceBackend.inDoublePrecision().kernels();
    MatrixCases.oddRoundedWeight().check(reference, ImmediateKernels.inJava(Form.CUBLAS));
  }

  @TestFactory
  Stream<DynamicTest> productsByTheSdkAgreeWithTheReference() {
    Kernels reference = ReferenceBackend.inDoublePrecision().kernels();
    return Stream.of(0, GuardedArrays.GUARDS)
        .flatMap(before ->
            MatrixCases.manyRows()
                .map(c ->
                    dynamicTest(
                        c.name() + " after " + before,
                        () -> c.check(reference, ImmediateKernels.inJavaWithSgemm(before)))));
  }

  @TestFactory
  Stream<DynamicTest> roundedWeightsAgreeWithTheReference() {
    Kernels reference = ReferenceBackend.inDoublePrecision().kernels();
    return MatrixCases.roundedWeights()
        .map(c -> dynamicTest(c.name(), () -> c.check(reference, ImmediateKernels.inJava())));
  }

  @TestFactory
  Stream<DynamicTest> cachesInBfloat16AgreeWithTheReference() {
    Kernels reference = ReferenceBackend.inDoublePrecision().kernels();
    return AttentionCases.halfCaches()
        .map(c -> dynamicTest(c.name(), () -> c.check(reference, ImmediateKernels.inJava())));
  }
}
