/// Rewards: what a grader makes of a response.
///
/// A **grader** ([dev.irpo.reward.Grader]) reads a response and compares it with what is known
/// about the problem ([dev.irpo.reward.Gold]); its **reward** lies between 0 and 1. Responses with
/// at least `pairs.winnerReward` are the winners of pairs, all others losers. Any class may be a
/// grader; [dev.irpo.reward.Graders] finds it by its name. The paper's reward is exact match of the
/// final answer y ([dev.irpo.reward.ExactMatch]): the last `Final answer:` is found
/// ([dev.irpo.reward.FinalAnswer]), its text gets one canonical form, and equal forms are equal
/// answers, for rewards as for majority votes. [dev.irpo.reward.NumberGrader] does so for numbers,
/// [dev.irpo.reward.MathGrader] for LaTeX and [dev.irpo.reward.LetterGrader] for options.
///
/// A grader's name carries a version ([dev.irpo.reward.GraderVersion]) and is stored beside every
/// reward, so a rule that changes gets a new name. Since version 2 a text goes through
///
/// ```text
/// AnswerText, AnswerBoxes    the line or box that is the answer
/// PlainText, Latex           one spelling of characters, spaces and backslashes
/// NumberText, MathReading,   what it says, read as a whole or not at all;
/// LetterText                 AnswerWords knows which words change it
/// ```
package dev.irpo.reward;
