/// The folders in which Meta publishes Llama 2 and 3: `params.json` and one `consolidated.NN.pth`
/// for each GPU that the model was split over for tensor parallelism.
package dev.irpo.checkpoints.meta;
