package dev.irpo.check.kernel;

import dev.irpo.tensor.Buffer;
import java.util.List;
import java.util.Map;

/// [dev.irpo.tensor.kernel.ElementwiseKernels], see [KernelCase].
final class ElementwiseWork {
  static final KernelWork ADD =
      new KernelWork() {
        @Override
        Arguments arguments(KernelSizes s) {
          return elements(s).normal("b", s.elements());
        }

        @Override
        Call call(KernelSizes s) {
          return (k, a) -> k.elementwise().add(a.get("out"), a.get("a"), a.get("b"), s.elements());
        }
      };

  static final KernelWork SUBTRACT =
      new KernelWork() {
        @Override
        Arguments arguments(KernelSizes s) {
          return elements(s).normal("b", s.elements());
        }

        @Override
        Call call(KernelSizes s) {
          return (k, a) ->
              k.elementwise().subtract(a.get("out"), a.get("a"), a.get("b"), s.elements());
        }
      };

  static final KernelWork MULTIPLY =
      new KernelWork() {
        @Override
        Arguments arguments(KernelSizes s) {
          return elements(s).normal("b", s.elements());
        }

        @Override
        Call call(KernelSizes s) {
          return (k, a) ->
              k.elementwise().multiply(a.get("out"), a.get("a"), a.get("b"), s.elements());
        }
      };

  static final KernelWork SCALE =
      new KernelWork() {
        @Override
        Arguments arguments(KernelSizes s) {
          return elements(s);
        }

        @Override
        Call call(KernelSizes s) {
          return (k, a) -> k.elementwise().scale(a.get("out"), a.get("a"), s.elements(), 0.3);
        }
      };

  static final KernelWork FILL =
      new KernelWork() {
        @Override
        Arguments arguments(KernelSizes s) {
          return new Arguments().result("out", s.elements()).normal("scalar", 1);
        }

        @Override
        Call call(KernelSizes s) {
          return (k, a) -> k.elementwise().fill(a.get("out"), a.get("scalar"), s.elements());
        }
      };

  static final KernelWork ZERO =
      new KernelWork() {
        @Override
        Arguments arguments(KernelSizes s) {
          return new Arguments().result("out", s.elements());
        }

        @Override
        Call call(KernelSizes s) {
          return (k, a) -> k.elementwise().zero(a.get("out"), s.elements());
        }

        @Override
        List<Parity.Difference> differences(
            Map<String, Buffer> expected, Map<String, Buffer> actual, double tolerance) {
          return List.of(Parity.fromZero("out", actual.get("out")));
        }
      };

  static final KernelWork ACCUMULATE =
      new KernelWork() {
        @Override
        Arguments arguments(KernelSizes s) {
          return new Arguments().updated("target", s.elements()).normal("x", s.elements());
        }

        @Override
        Call call(KernelSizes s) {
          return (k, a) -> k.elementwise().accumulate(a.get("target"), a.get("x"), s.elements());
        }
      };

  static final KernelWork SUM =
      new KernelWork() {
        @Override
        Arguments arguments(KernelSizes s) {
          return new Arguments().result("out", 1).normal("x", s.elements());
        }

        @Override
        Call call(KernelSizes s) {
          return (k, a) -> k.elementwise().sum(a.get("out"), a.get("x"), s.elements());
        }
      };

  static final KernelWork LOG_SIGMOID =
      new KernelWork() {
        @Override
        Arguments arguments(KernelSizes s) {
          return elements(s);
        }

        @Override
        Call call(KernelSizes s) {
          return (k, a) -> k.elementwise().logSigmoid(a.get("out"), a.get("a"), s.elements());
        }
      };

  static final KernelWork LOG_SIGMOID_GRADIENT =
      new KernelWork() {
        @Override
        Arguments arguments(KernelSizes s) {
          return elements(s).normal("dOut", s.elements());
        }

        @Override
        Call call(KernelSizes s) {
          return (k, a) ->
              k.elementwise()
                  .logSigmoidGradient(a.get("out"), a.get("dOut"), a.get("a"), s.elements());
        }
      };

  static final KernelWork NARROW =
      new KernelWork() {
        @Override
        Arguments arguments(KernelSizes s) {
          return new Arguments().halfResult("out", s.elements()).normal("x", s.elements());
        }

        @Override
        Call call(KernelSizes s) {
          return (k, a) -> k.elementwise().narrow(a.get("out"), a.get("x"), s.elements());
        }
      };

  static final KernelWork WIDEN =
      new KernelWork() {
        @Override
        Arguments arguments(KernelSizes s) {
          return new Arguments().result("out", s.elements()).half("x", s.elements());
        }

        @Override
        Call call(KernelSizes s) {
          return (k, a) -> k.elementwise().widen(a.get("out"), a.get("x"), s.elements());
        }
      };

  static final KernelWork SWI_GLU =
      new KernelWork() {
        @Override
        Arguments arguments(KernelSizes s) {
          long n = (long) s.rows() * s.ffnDim();
          return new Arguments().result("out", n).normal("gate", n).normal("up", n);
        }

        @Override
        Call call(KernelSizes s) {
          long n = (long) s.rows() * s.ffnDim();
          return (k, a) -> k.elementwise().swiGlu(a.get("out"), a.get("gate"), a.get("up"), n);
        }
      };

  static final KernelWork SWI_GLU_GRADIENT =
      new KernelWork() {
        @Override
        Arguments arguments(KernelSizes s) {
          long n = (long) s.rows() * s.ffnDim();
          return new Arguments()
              .result("dGate", n)
              .result("dUp", n)
              .normal("dOut", n)
              .normal("gate", n)
              .normal("up", n);
        }

        @Override
        Call call(KernelSizes s) {
          long n = (long) s.rows() * s.ffnDim();
          return (k, a) ->
              k.elementwise()
                  .swiGluGradient(
                      a.get("dGate"), a.get("dUp"), a.get("dOut"), a.get("gate"), a.get("up"), n);
        }
      };

  private ElementwiseWork() {}
}
