package dev.irpo.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.checkpoints.arrow.ArrowModelWriter;
import dev.irpo.checkpoints.files.MappedFiles;
import dev.irpo.checkpoints.huggingface.HuggingFaceWriter;
import dev.irpo.checkpoints.model.TokenizerFiles;
import dev.irpo.model.PublishedModels;
import dev.irpo.model.RandomWeights;
import dev.irpo.model.TextRules;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.transformer.LlamaConfig;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `irpo synthesize`.
@Command(
    name = "synthesize",
    mixinStandardHelpOptions = true,
    description = {
      "Writes a checkpoint with random weights in the shapes of a published model.",
      "For measuring and for training from nothing. The same options give the same bytes."
    })
final class SynthesizeCommand implements Callable<Integer> {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /// How the checkpoint is stored.
  enum Format {
    HF,
    ARROW
  }

  /// Where the sizes come from.
  private static final class Sizes {
    @Option(
        names = "--shape",
        required = true,
        paramLabel = "NAME",
        description =
            "llama-2-7b, -13b, -70b, tinyllama-1.1b, smollm2-135m, -360m, -1.7b, llama-3.2-1b, -3b,"
                + " llama-3.1-8b or -70b")
    private String shape;

    @Option(
        names = "--config",
        required = true,
        paramLabel = "FILE",
        description = "a config.json instead")
    private Path config;
  }

  @ArgGroup(multiplicity = "1")
  private Sizes sizes;

  @Option(
      names = "--dtype",
      paramLabel = "f32|f16|bf16",
      defaultValue = "bf16",
      description = "element type; default: ${DEFAULT-VALUE}")
  private ConvertCommand.StorageType dtype;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "draws the weights; default: ${DEFAULT-VALUE}")
  private long seed;

  @Option(
      names = "--format",
      paramLabel = "hf|arrow",
      defaultValue = "hf",
      description = "Hugging Face folder or converted folder; default: ${DEFAULT-VALUE}")
  private Format format;

  @Option(
      names = "--tokenizer",
      paramLabel = "FILE",
      description = "tokenizer.model or .json to put beside the weights")
  private Path tokenizer;

  @Option(names = "--to", required = true, paramLabel = "DIR", description = "new folder")
  private Path to;

  @Override
  public Integer call() throws IOException {
    if (Files.exists(to)) {
      throw new FileAlreadyExistsException(
          to + ": exists already; remove it or write to another folder");
    }
    LlamaConfig config = config();
    TokenizerFiles tokenizerFiles = tokenizerFiles(config);
    long bytes = new RandomWeights(config, type(), seed, _ -> {}).byteSize();
    DiskRoom.require(to, bytes, "a smaller shape");
    try (ByteBar bar = new ByteBar("write " + to.getFileName(), bytes)) {
      List<StoredTensor> tensors = new RandomWeights(config, type(), seed, bar).tensors();
      switch (format) {
        case HF -> new HuggingFaceWriter().write(to, json(config), tensors, tokenizerFiles);
        case ARROW ->
            ArrowModelWriter.keepingTypes().write(to, json(config), tensors, tokenizerFiles);
      }
    }
    return 0;
  }

  private DType type() {
    return DType.valueOf(dtype.name());
  }

  private LlamaConfig config() throws IOException {
    if (sizes.config == null) {
      return PublishedModels.find(sizes.shape)
          .orElseThrow(() ->
              new IllegalArgumentException(
                  "--shape %s: the known names are %s; take one or give --config"
                      .formatted(sizes.shape, PublishedModels.names())));
    }
    try {
      byte[] text = Files.readAllBytes(sizes.config);
      return LlamaConfig.of(MAPPER.readValue(text, new TypeReference<Map<String, Object>>() {}));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          "%s: is no JSON object (%s); give a config.json"
              .formatted(sizes.config, e.getOriginalMessage()),
          e);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(sizes.config + ": " + e.getMessage(), e);
    }
  }

  private ObjectNode json(LlamaConfig config) {
    ObjectNode json = MAPPER.valueToTree(config.toHuggingFace());
    String name =
        switch (dtype) {
          case F32 -> "float32";
          case F16 -> "float16";
          case BF16 -> "bfloat16";
        };
    return json.put("dtype", name).put("torch_dtype", name);
  }

  private TokenizerFiles tokenizerFiles(LlamaConfig config) throws IOException {
    if (tokenizer == null) {
      return TokenizerFiles.none();
    }
    MappedFiles.requireFile(tokenizer);
    TokenizerFiles files = TokenizerFiles.read(List.of(tokenizer));
    var _ = TextRules.of(files, config);
    return files;
  }
}
