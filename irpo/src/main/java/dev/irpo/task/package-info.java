/// Tasks: problems and the prompt that asks them.
///
/// A task is data and three rules. Its **problems** come in three splits that never share one:
/// train (what rollouts are sampled for), held-out (what checkpoints are chosen on) and test (what
/// is reported). Its **prompt** is the text x before a response; every prompt ends without a space
/// and every gold response begins with one, so that the border of prompt and response is also a
/// border of words and thereby of tokens. Its **grader** ([dev.irpo.reward]) rewards a response.
///
/// [dev.irpo.task.Gsm8k], [dev.irpo.task.CompetitionMath], [dev.irpo.task.ArcChallenge] and
/// [dev.irpo.task.CustomTask] read files ([dev.irpo.task.ProblemFiles]);
/// [dev.irpo.task.WordProblems] is generated ([dev.irpo.synthetic]); [dev.irpo.task.Llama2Chat]
/// wraps any task's prompts. A new task is one class here, a name in
/// [dev.irpo.config.TaskSettings.Name] and a line in [dev.irpo.task.Tasks].
package dev.irpo.task;
