package dev.irpo.train;

import dev.irpo.checkpoints.model.ConvertedContent;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.parallel.ShownSlices;
import dev.irpo.transformer.train.Trainer;
import java.util.ArrayList;
import java.util.List;
import java.util.SequencedMap;

/// Tensors of a model that processes may hold together, whole.
final class WholeTensors {
  private WholeTensors() {}

  /// Lets the first process of a model read tensors. All that hold it take part.
  ///
  /// @param own what this process has of them
  /// @param reader what the first process does, with float32 where there are several processes
  /// @throws E if that fails
  static <E extends Exception> void show(
      Parameters parameters, List<StoredTensor> own, Trainer.Reader<E> reader) throws E {
    if (parameters.parallel().ranks() == 1) {
      reader.read(own);
      return;
    }
    SequencedMap<String, Shape> shapes = parameters.whole().parameterShapes();
    List<ShownSlices.Sliced> slices =
        own.stream()
            .map(tensor -> {
              StoredTensor single = ConvertedContent.of(tensor, DType.F32);
              Shape whole = shapes.get(tensor.name());
              return new ShownSlices.Sliced(whole, tensor.shape(), 0, single.content());
            })
            .toList();
    ShownSlices.show(
        parameters.parallel(),
        slices,
        stretches -> {
          List<StoredTensor> whole = new ArrayList<>();
          for (int i = 0; i < own.size(); i++) {
            String name = own.get(i).name();
            ShownSlices.Stretch all = stretches.get(i).getFirst();
            whole.add(new StoredTensor(name, DType.F32, shapes.get(name), all.content()));
          }
          reader.read(whole);
        });
  }
}
