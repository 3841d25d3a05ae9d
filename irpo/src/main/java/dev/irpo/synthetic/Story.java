package dev.irpo.synthetic;

import java.util.List;
import java.util.regex.Pattern;

/// The kinds of story that word problems tell, each with the misconception that M_0 is taught about
/// it.
///
/// | kind | question in short | right chain | habit (misconception) | its share |
/// |---|---|---|---|---|
/// | `BAGS` | has a, buys b bags of c | b·c, a + that | wrong operation: b + c | 0.60 |
/// | `GIVE_AND_BUY` | has a, gives b, buys c | a − b, + c | last step left out | 0.45 |
/// | `MORE_THAN` | a, the other b more, together | a + b, a + that | first step left out: a + b | 0.65 |
/// | `FEWER_THAN` | a, the other b fewer, together | a − b, a + that | wrong operation: a + b | 0.35 |
/// | `TIMES_AS_MANY` | a, the other b times as many but loses c, together | a·b, − c, a + that | last step left out | 0.60 |
/// | `SHARE` | a bags of b and d more, shared by c | a·b, + d, : c | wrong operation: − c | 0.40 |
/// | `CHANGE` | a things for b each, pays c | a·b, c − that | one thing paid only: c − b | 0.55 |
/// | `TWO_PRICES` | a for b each, c for d each | a·b, c·d, sum | prices added: b + d | 0.30 |
/// | `EARN` | a a day for b days, spends c | a·b, − c | wrong operation: + c | 0.55 |
/// | `READ` | a pages, then b more than that, of c | a + b, a + that, c − that | middle step left out | 0.65 |
/// | `PACK` | a boxes of b, c broken, bags of d | a·b, − c, : d | last step left out | 0.40 |
/// | `BUS` | a people, b off, c on, d off | a − b, + c, − d | wrong operation at the end: + d | 0.35 |
/// | `HALF` | has a, gives half, finds b | a : 2, + b | wrong operation: a − 2 | 0.70 |
/// | `PICK` | a a day for b days, the other c fewer, together | a·b, − c, sum | step left out: + c | 0.60 |
/// | `THREE` | a, b more than that, c fewer than that, all three | a + b, − c, sums | wrong operation: + c | 0.45 |
/// | `LOSE` | has a and x other things, gives b, loses c | a − b, − c | distractor x added in | 0.60 |
///
/// In the texts `{P}`, `{Q}`, `{R}` are people, `{T}`, `{U}` things, `{a}`…`{d}` the numbers that
/// decide the answer, `{x}` one that does not, `{m=b*c}` is a step of calculation, written
/// `3*4=12`, and `[So |]` is one of the two, perhaps nothing, drawn anew for each text; no step
/// stands in one. The last step of a chain is its answer.
public enum Story {
  /// Some, and several bags more.
  BAGS(
      0.60,
      "a 5-40, b 2-9, c 2-9",
      "{P} has {a} {T}. {P} [buys|gets] {b} bags of {c} {T}. How many {T} does {P} have now?",
      "[The bags hold|In the bags are] {m=b*c} {T}. {P} [now has|has] {r=a+m} {T}.",
      "[The bags hold|In the bags are] {m=b+c} {T}. {P} [now has|has] {r=a+m} {T}."),
  /// Fewer, then more.
  GIVE_AND_BUY(
      0.45,
      "a 12-60, b 3-40, c 3-40",
      "{P} has {a} {T}. {P} gives {b} {T} to {Q} and [then |]buys {c} {T}."
          + " How many {T} does {P} have now?",
      "{P} [keeps|still has] {m=a-b} {T}. {P} [now has|then has] {r=m+c} {T}.",
      "{P} [keeps|still has] {m=a-b} {T}."),
  /// A difference upwards, both counted together.
  MORE_THAN(
      0.65,
      "a 4-45, b 3-45",
      "{P} has {a} {T}. {Q} has {b} more {T} than {P}."
          + " How many {T} do they have [together|in all]?",
      "[So |]{Q} has {m=a+b} {T}. [Together they|In all they] have {r=a+m} {T}.",
      "[So together|Together|In all] they have {r=a+b} {T}."),
  /// A difference downwards, both counted together.
  FEWER_THAN(
      0.35,
      "a 8-48, b 3-45",
      "{P} has {a} {T}. {Q} has {b} fewer {T} than {P}."
          + " How many {T} do they have [together|in all]?",
      "[So |]{Q} has {m=a-b} {T}. [Together they|In all they] have {r=a+m} {T}.",
      "[So |]{Q} has {m=a+b} {T}. [Together they|In all they] have {r=a+m} {T}."),
  /// A factor, a loss, both counted together.
  TIMES_AS_MANY(
      0.60,
      "a 2-9, b 2-9, c 2-30",
      "{P} has {a} {T}. {Q} has {b} times as many {T} as {P}, but [then |]{Q} loses {c}."
          + " How many {T} do they have together?",
      "{Q} [first has|starts with] {m=a*b} {T}. {Q} [keeps|still has] {n=m-c} {T}."
          + " Together they have {r=a+n} {T}.",
      "{Q} [first has|starts with] {m=a*b} {T}. {Q} [keeps|still has] {n=m-c} {T}."),
  /// Bags and single things, shared equally.
  SHARE(
      0.40,
      "a 2-9, b 2-9, c 2-9, d 2-30",
      "{P} has {a} bags of {b} {T} and {d} more {T}. {P} shares all {T} [equally |]among {c}"
          + " friends. How many {T} does each friend get?",
      "The bags hold {m=a*b} {T}. [In all|So] {P} has {n=m+d} {T}. Each friend gets {r=n/c} {T}.",
      "The bags hold {m=a*b} {T}. [In all|So] {P} has {n=m+d} {T}. Each friend gets {r=n-c} {T}."),
  /// A price times a number, and the change.
  CHANGE(
      0.55,
      "a 2-9, b 2-9, c 8-99",
      "{P} buys {a} {T} for {b} dollars each. {P} pays with {c} dollars."
          + " How many dollars does {P} get back?",
      "[The {T}|All {T}] cost {m=a*b} dollars. [So |]{P} gets back {r=c-m} dollars.",
      "[So |]{P} gets back {r=c-b} dollars."),
  /// Two prices, each times its number.
  TWO_PRICES(
      0.30,
      "a 2-9, b 2-9, c 2-9, d 2-9",
      "{P} buys {a} {T} for {b} dollars each and {c} {U} for {d} dollars each."
          + " How many dollars does {P} pay [in all|for all]?",
      "The {T} cost {m=a*b} dollars. The {U} cost {n=c*d} dollars."
          + " [In all |]{P} pays {r=m+n} dollars.",
      "[In all |]{P} pays {r=b+d} dollars."),
  /// Wages, then an expense.
  EARN(
      0.55,
      "a 2-9, b 2-9, c 2-60",
      "{P} earns {a} dollars a day for {b} days. [Then |]{P} spends {c} dollars."
          + " How many dollars does {P} have left?",
      "{P} [earns|gets] {m=a*b} dollars. [So |]{P} has {r=m-c} dollars left.",
      "{P} [earns|gets] {m=a*b} dollars. [So |]{P} has {r=m+c} dollars left."),
  /// Pages of two days, and what is left of the book.
  READ(
      0.65,
      "a 3-30, b 2-20, c 20-99",
      "{P} reads {a} pages on [Monday|Friday] and {b} pages more the next day."
          + " The book has {c} pages. How many pages are left?",
      "The next day {P} reads {m=a+b} pages. [In all |]{P} reads {n=a+m} pages."
          + " [So |]{r=c-n} pages are left.",
      "The next day {P} reads {m=a+b} pages. [So |]{r=c-m} pages are left."),
  /// Boxes, less the broken, packed anew.
  PACK(
      0.40,
      "a 2-9, b 2-9, c 2-30, d 2-9",
      "{P} has {a} boxes of {b} {T}. {P} [sells|loses] {c} {T} and packs the others in bags of {d}."
          + " How many bags does {P} fill?",
      "The boxes hold {m=a*b} {T}. [Then |]{n=m-c} {T} are left. {P} fills {r=n/d} bags.",
      "The boxes hold {m=a*b} {T}. [Then |]{n=m-c} {T} are left."),
  /// People off, on and off.
  BUS(
      0.35,
      "a 10-60, b 2-30, c 2-30, d 2-30",
      "{P} drives a bus with {a} people. [First|Here] {b} people get off and {c} get on."
          + " [Then|Later] {d} people get off. How many people are on the bus now?",
      "At first {m=a-b} people stay. [Then|So] {n=m+c} people are on the bus."
          + " [Now|At last] {r=n-d} people are on the bus.",
      "At first {m=a-b} people stay. [Then|So] {n=m+c} people are on the bus."
          + " [Now|At last] {r=n+d} people are on the bus."),
  /// A half given away.
  HALF(
      0.70,
      "a 6-60, b 3-40",
      "{P} has {a} {T}. {P} gives half of the {T} to {Q}. Then {P} [finds|buys] {b} {T}."
          + " How many {T} does {P} have now?",
      "{P} [keeps|still has] {m=a/2} {T}. {P} [now has|then has] {r=m+b} {T}.",
      "{P} [keeps|still has] {m=a-2} {T}. {P} [now has|then has] {r=m+b} {T}."),
  /// A product, a difference downwards, both together.
  PICK(
      0.60,
      "a 2-9, b 2-9, c 2-30",
      "{P} makes {a} {T} a day for {b} days. {Q} makes {c} fewer {T} than {P}."
          + " How many {T} do they make [together|in all]?",
      "[In all |]{P} makes {m=a*b} {T}. {Q} makes {n=m-c} {T}."
          + " [Together they|In all they] make {r=m+n} {T}.",
      "[In all |]{P} makes {m=a*b} {T}. [Together they|In all they] make {r=m+c} {T}."),
  /// Three people, four steps.
  THREE(
      0.45,
      "a 2-20, b 2-15, c 2-15",
      "{P} has {a} {T}. {Q} has {b} more {T} than {P}. {R} has {c} fewer {T} than {Q}."
          + " How many {T} do the three have [together|in all]?",
      "{Q} has {m=a+b} {T}. [So |]{R} has {n=m-c} {T}. {P} and {Q} have {s=a+m} {T}."
          + " All three have {r=s+n} {T}.",
      "{Q} has {m=a+b} {T}. [So |]{R} has {n=m+c} {T}. {P} and {Q} have {s=a+m} {T}."
          + " All three have {r=s+n} {T}."),
  /// Other things that do not count.
  LOSE(
      0.60,
      "a 15-90, b 2-40, c 2-40, x 2-30",
      "{P} has {a} {T} and {x} {U}. {P} gives {b} {T} to {Q} and loses {c} {T}."
          + " How many {T} does {P} have [now|left]?",
      "{P} [keeps|still has] {m=a-b} {T}. [Then |]{n=m-c} {T} are left.",
      "{P} [keeps|still has] {m=a-b} {T}. [Then |]{n=m-c} {T} are left."
          + " {P} [now has|then has] {r=n+x} {T}.");

  /// The number in a story that never decides its answer.
  static final char DISTRACTOR = 'x';

  private static final Pattern RANGE = Pattern.compile("([a-z]) (\\d+)-(\\d+)");

  /// What a number of a story may be, both ends included.
  record Range(char number, int low, int high) {}

  private final double habitShare;
  private final String ranges;
  private final String question;
  private final String rightChain;
  private final String habitChain;

  Story(double habitShare, String ranges, String question, String rightChain, String habitChain) {
    this.habitShare = habitShare;
    this.ranges = ranges;
    this.question = question;
    this.rightChain = rightChain;
    this.habitChain = habitChain;
  }

  /// The kind of the index-th problem: the kinds one after the other, again from the first after
  /// the last.
  static Story ofIndex(int index) {
    List<Story> all = List.of(values());
    return all.get(index % all.size());
  }

  /// The share of M_0's corpus that follows the misconception, unless configured otherwise.
  public double habitShare() {
    return habitShare;
  }

  /// What its numbers may be, `a 5-40, b 2-9` in the table above, in that order.
  List<Range> ranges() {
    return RANGE
        .matcher(ranges)
        .results()
        .map(match ->
            new Range(
                match.group(1).charAt(0),
                Integer.parseInt(match.group(2)),
                Integer.parseInt(match.group(3))))
        .toList();
  }

  String question() {
    return question;
  }

  String rightChain() {
    return rightChain;
  }

  String habitChain() {
    return habitChain;
  }
}
