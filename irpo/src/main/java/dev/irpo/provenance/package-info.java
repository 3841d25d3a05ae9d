/// What a folder's work was made with: each process that works in a run's or a training's folder
/// adds a line to `starts.jsonl` there ([dev.irpo.provenance.StartsFile]), so that whoever has the
/// folder can run it again.
package dev.irpo.provenance;
