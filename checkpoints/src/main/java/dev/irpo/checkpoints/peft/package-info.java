/// Low-rank adapters as Hugging Face's PEFT stores them: `adapter_config.json` with
/// `adapter_model.safetensors`, beside a base model that lies elsewhere.
package dev.irpo.checkpoints.peft;
