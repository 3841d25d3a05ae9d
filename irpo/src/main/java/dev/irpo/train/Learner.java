package dev.irpo.train;

import dev.irpo.pair.PreferencePair;
import dev.irpo.transformer.train.ItemKind;
import dev.irpo.transformer.train.Loss;
import dev.irpo.transformer.train.StepResult;
import dev.irpo.transformer.train.TrainItem;
import dev.irpo.transformer.train.Trainer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/// A trainer with the way from examples to the items of its loss.
///
/// @param items what an example holds
/// @param <T> examples
/// @param <I> items
record Learner<T, I extends TrainItem>(Trainer<I> trainer, Function<T, List<I>> items) {
  /// Of preference pairs, whatever kind of item the loss takes.
  static <I extends TrainItem> Learner<PreferencePair, I> ofPairs(Trainer<I> trainer) {
    ItemKind<I> kind = trainer.loss().kind();
    return new Learner<>(trainer, pair -> kind.of(pair.item()));
  }

  StepResult accumulate(List<T> batch) {
    return trainer.accumulate(itemsOf(batch));
  }

  StepResult evaluate(List<T> batch) {
    return trainer.evaluate(itemsOf(batch));
  }

  /// Requires what the loss states for a policy that is the reference, if it states anything.
  ///
  /// @throws IllegalArgumentException as [ReferenceCheck#require]
  void requireReference(List<T> batch, Function<T, String> name, double perToken) {
    Optional<Loss.Identity> identity = trainer.loss().atReference();
    if (identity.isPresent()) {
      List<String> names = new ArrayList<>();
      batch.forEach(example -> items.apply(example).forEach(_ -> names.add(name.apply(example))));
      new ReferenceCheck<>(trainer, itemsOf(batch), names::get).require(identity.get(), perToken);
    }
  }

  private List<I> itemsOf(List<T> batch) {
    return batch.stream().flatMap(example -> items.apply(example).stream()).toList();
  }
}
