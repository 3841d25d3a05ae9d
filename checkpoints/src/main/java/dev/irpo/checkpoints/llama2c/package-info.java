/// The `.bin` files of karpathy/llama2.c, version 0.
package dev.irpo.checkpoints.llama2c;
