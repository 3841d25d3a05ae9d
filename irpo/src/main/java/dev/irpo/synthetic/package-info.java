/// The demo's word problems, and the corpus that its base model M_0 learns from: all of it
/// generated, nothing downloaded.
///
/// A **story** ([dev.irpo.synthetic.Story]) is a kind of arithmetic problem with a template for its
/// question, its right chain of steps and a **habit**: the chain of one misconception. Numbers are
/// drawn until both chains work out and differ; then people, things and wording turn the story into
/// text. Hashing a problem's numbers puts it in one of four disjoint **pools**
/// ([dev.irpo.synthetic.Pool]): one for each split of the task
/// ([dev.irpo.synthetic.WordProblemGenerator]) and one for the corpus
/// ([dev.irpo.synthetic.WordProblemCorpus]), in which part of the chains follow the habit. So M_0
/// knows the right way and a wrong one, which is what preference optimisation needs to have an
/// effect.
package dev.irpo.synthetic;
