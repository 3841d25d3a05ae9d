package dev.irpo.synthetic;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// What the embedded base model M_0 learns from: word problems whose solutions are partly wrong, on
/// purpose.
///
/// A model that cannot calculate gains nothing from preference optimisation; one with habits to
/// unlearn does. So there are two stages. The **first** teaches language and calculation: right
/// chains with larger numbers, and drills. The **second** gives each kind of story its
/// misconception ([Story]) in a share of the chains, which are consistent in themselves: what is
/// calculated is calculated right. A few others slip: one step is off by one or ten. A model
/// trained on it samples right chains about half of the time.
///
/// A document follows from seed, stage and index alone. No problem of it is in a split of the task,
/// which draws from other pools ([Pool]).
public final class WordProblemCorpus {
  private static final int FIRST_STAGE = 1;
  private static final int SECOND_STAGE = 2;
  private static final int MOST_SLIP_ATTEMPTS = 20;

  private final long seed;
  private final CorpusMix mix;

  /// One text: the prompt, and the response that begins with a space.
  public record Document(String prompt, String response) {
    /// Prompt and response in one.
    public String text() {
      return prompt + response;
    }
  }

  /// The corpus drawn with a seed.
  public WordProblemCorpus(long seed, CorpusMix mix) {
    this.seed = seed;
    this.mix = mix;
  }

  /// The first `count` documents of the first stage: right chains with larger numbers, and drills.
  public List<Document> firstStage(int count) {
    return IntStream.range(0, count).mapToObj(this::cleanDocument).toList();
  }

  /// The first `count` documents of the second stage: right chains, habits and slips.
  public List<Document> secondStage(int count) {
    return IntStream.range(0, count).mapToObj(this::habitualDocument).toList();
  }

  private Document cleanDocument(int index) {
    Draws draws = new Draws(seed, Pool.CORPUS.drawKey(), FIRST_STAGE, index);
    if (draws.happens(mix.drillShare())) {
      return Drill.draw(mix.largestCleanNumber(), draws);
    }
    StoryProblem problem = draw(mix.largestCleanNumber(), draws);
    return document(problem, problem.right(), draws);
  }

  private Document habitualDocument(int index) {
    Draws draws = new Draws(seed, Pool.CORPUS.drawKey(), SECOND_STAGE, index);
    StoryProblem problem = draw(StoryProblem.LARGEST_NUMBER, draws);
    if (draws.happens(mix.habitShares().get(problem.story()))) {
      return document(problem, problem.habit(), draws);
    }
    if (draws.happens(mix.slipShare())) {
      return document(problem, slipped(problem, draws), draws);
    }
    return document(problem, problem.right(), draws);
  }

  private static StoryProblem draw(int largest, Draws draws) {
    Story story = draws.oneOf(List.of(Story.values()));
    return StoryProblem.draw(story, Pool.CORPUS, largest, draws);
  }

  /// The right chain with one wrong result; the right one where no slip leaves the other steps
  /// possible.
  private static Chain slipped(StoryProblem problem, Draws draws) {
    String template = problem.story().rightChain();
    List<Integer> errors = new ArrayList<>(List.of(-10, -1, 1, 10));
    for (int attempt = 0; attempt < MOST_SLIP_ATTEMPTS; attempt++) {
      Chain.Slip slip =
          new Chain.Slip(draws.between(0, Step.of(template).size() - 1), draws.oneOf(errors));
      Optional<Chain> chain =
          Chain.calculate(template, problem.numbers(), StoryProblem.LARGEST_NUMBER, slip);
      if (chain.isPresent()) {
        return chain.get();
      }
    }
    return problem.right();
  }

  private static Document document(StoryProblem problem, Chain chain, Draws draws) {
    Cast cast = Cast.draw(draws);
    String question = problem.writeQuestion(cast, draws);
    String solution = cast.write(chain.template(), chain.numbers(), draws);
    return new Document(
        WordProblem.prompt(question),
        WordProblem.response(solution, Integer.toString(chain.answer())));
  }
}
