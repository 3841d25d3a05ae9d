/// Tasks: problems, the prompt that asks them, and the grader that rewards an answer.
///
/// A task is data and three rules. Its **problems** come in three splits that never share one:
/// train (what rollouts are sampled for), held-out (what checkpoints are chosen on) and test (what
/// is reported). Its **prompt** is the text x before a response; every prompt ends without a space
/// and every gold response begins with one, so that the border of prompt and response is also a
/// border of words and thereby of tokens. Its **grader** takes the final answer y out of a response
/// and compares it with the known one: the reward of the paper is that comparison and nothing else.
///
/// [dev.irpo.task.Gsm8k], [dev.irpo.task.CompetitionMath], [dev.irpo.task.ArcChallenge] and
/// [dev.irpo.task.CustomTask] read files ([dev.irpo.task.ProblemFiles]); [dev.irpo.task.Llama2Chat]
/// wraps any task's prompts. [dev.irpo.task.WordProblems] is generated and embedded, with
/// [dev.irpo.task.WordProblemCorpus] as what its base model M_0 learns from.
package dev.irpo.task;
