package dev.irpo.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.checkpoints.model.TokenizerFiles;
import dev.irpo.template.Template;
import dev.irpo.template.TemplateException;
import dev.irpo.template.Value;
import dev.irpo.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/// Texts as turns of a chat, in the model's own chat template: a prompt is the only message of a
/// user, a response the assistant's (`docs/texts.md`).
///
/// ```text
/// prompt      ids of the template's text for [user] with add_generation_prompt: its control tokens
///             become their ids, and nothing is put around it
/// response    what the text for [user, assistant] has after that, up to the token that ends it
/// the end     the control token that the template puts after an assistant's message, white space
///             before it left where it is; where it puts none, the tokenizer's EOS
/// ```
///
/// Source: transformers 5, `apply_chat_template`; there control tokens that a message spells become
/// these tokens, here they are refused unless [TextRules#readingSpecials] is asked for.
public final class ChatRules implements PromptRules {
  private static final String QUESTION = "What is asked";
  private static final String ANSWER = "What is answered";

  private final TextRules text;
  private final ChatTemplates templates;
  private final Template template;
  private final LocalDate today;
  private final Map<String, Value> variables;
  private final Ending ending;
  private final long promptControls;
  private final long turnControls;

  /// What ends an assistant's message.
  ///
  /// @param gap white space between message and token
  private record Ending(String gap, OptionalInt id) {}

  private ChatRules(
      TextRules text,
      ChatTemplates templates,
      Template template,
      Map<String, Value> variables,
      LocalDate today) {
    this.text = text;
    this.templates = templates;
    this.template = template;
    this.variables = variables;
    this.today = today;
    ending = ending();
    promptControls = controls(encoded(rendered(true, QUESTION)));
    turnControls = controls(encoded(rendered(false, QUESTION, ANSWER)));
  }

  /// The rules of a model with a chat template.
  ///
  /// @param today what the template hears when it asks for the date
  /// @throws IllegalArgumentException in one line if the model has none, or it is not read
  public static ChatRules of(TextRules text, LocalDate today) {
    try {
      ChatTemplates templates = ChatTemplates.of(text.files());
      String source = templates.requireDefault();
      Template template;
      try {
        template = Template.parse(source);
      } catch (TemplateException e) {
        throw refused(templates, e);
      }
      return new ChatRules(text, templates, template, variables(text), today);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // the files are in memory
    }
  }

  private static IllegalArgumentException refused(ChatTemplates templates, TemplateException e) {
    return new IllegalArgumentException(
        "%s: its chat template, %s; choose task.chatTemplate none or llama-2, or write the template another way"
            .formatted(templates.source(), e.getMessage()),
        e);
  }

  /// What `apply_chat_template` passes besides the messages.
  private static Map<String, Value> variables(TextRules text) throws IOException {
    Map<String, Value> variables = new LinkedHashMap<>();
    for (String name : List.of(TokenizerFiles.CONFIG, TokenizerFiles.SPECIAL_TOKENS)) {
      Optional<ObjectNode> file = ChatTemplates.object(text.files(), name);
      file.ifPresent(object ->
          object
              .properties()
              .forEach(entry -> putToken(variables, entry.getKey(), entry.getValue())));
    }
    Tokenizer tokenizer = text.tokenizer();
    text.folder().bos().ifPresent(id -> put(variables, "bos_token", tokenizer.piece(id)));
    text.folder().eos().ifPresent(id -> put(variables, "eos_token", tokenizer.piece(id)));
    variables.put("tools", Value.NONE);
    variables.put("documents", Value.NONE);
    return variables;
  }

  private static void putToken(Map<String, Value> variables, String name, JsonNode token) {
    JsonNode content = token.isObject() ? token.path("content") : token;
    if (name.endsWith("_token") && content.isTextual() && !content.textValue().isEmpty()) {
      variables.putIfAbsent(name, new Value.Text(content.textValue()));
    }
  }

  private static void put(Map<String, Value> variables, String name, String token) {
    variables.put(name, new Value.Text(token));
  }

  private String rendered(boolean isToBeAnswered, String... messages) {
    List<Map<String, String>> turns = new ArrayList<>();
    for (int i = 0; i < messages.length; i++) {
      Map<String, String> turn = new LinkedHashMap<>();
      turn.put("role", i % 2 == 0 ? "user" : "assistant");
      turn.put("content", messages[i]);
      turns.add(turn);
    }
    Map<String, Value> all = new LinkedHashMap<>(variables);
    all.put("messages", Value.of(turns));
    all.put("add_generation_prompt", Value.of(isToBeAnswered));
    try {
      return template.render(all, today);
    } catch (TemplateException e) {
      throw refused(templates, e);
    }
  }

  private int[] encoded(String rendered) {
    return text.tokenizer().encodeWithSpecials(rendered);
  }

  private Ending ending() {
    String turns = rendered(false, QUESTION, ANSWER);
    int at = turns.lastIndexOf(ANSWER);
    if (at < 0 || !rendered(true, QUESTION).contains(QUESTION)) {
      throw new IllegalArgumentException(
          "%s: its chat template leaves out or changes what user or assistant say; choose task.chatTemplate none or llama-2"
              .formatted(templates.source()));
    }
    String tail = turns.substring(at + ANSWER.length());
    String stripped = tail.stripLeading();
    int[] ids = text.tokenizer().encodeRestWithSpecials(stripped);
    if (ids.length == 0 || !ends(ids[0], stripped)) {
      return new Ending("", text.end());
    }
    return new Ending(tail.substring(0, tail.length() - stripped.length()), OptionalInt.of(ids[0]));
  }

  private boolean ends(int id, String tail) {
    String piece = text.tokenizer().piece(id);
    return tail.startsWith(piece)
        && (text.stopIds().contains(id) || text.tokenizer().specialIn(piece).isPresent());
  }

  /// @throws IllegalArgumentException also if the template makes control tokens of the prompt
  @Override
  public int[] promptIds(String prompt) {
    text.requirePlain("prompt", prompt);
    int[] ids = encoded(rendered(true, prompt.strip()));
    requireControls("prompt", ids, promptControls);
    return ids;
  }

  private long controls(int[] ids) {
    return Arrays.stream(ids)
        .filter(id -> text.tokenizer().specialIn(text.tokenizer().piece(id)).isPresent())
        .count();
  }

  /// Refuses a text that the template edits to more control tokens than it puts around a plain one,
  /// or to fewer.
  private void requireControls(String what, int[] ids, long plain) {
    if (!text.isReadingSpecials() && controls(ids) != plain) {
      throw new IllegalArgumentException(
          "%s: its chat template makes %d control tokens of the %s, of a plain one %d; leave out of the %s what it makes them of"
              .formatted(templates.source(), controls(ids), what, plain, what));
    }
  }

  /// The same of a response that follows the template's text for the prompt.
  ///
  /// @throws IllegalArgumentException if the template changes a response, makes control tokens of
  ///   it, or begins the turn of an assistant that has answered in another way than of one that is
  ///   to answer
  @Override
  public int[] finishedResponseIds(String prompt, String response) {
    text.requirePlain("prompt", prompt);
    text.requirePlain("response", response);
    String answer = response.strip();
    String before = rendered(true, prompt.strip());
    requireControls("prompt", encoded(before), promptControls);
    String turns = rendered(false, prompt.strip(), answer);
    requireControls("response", encoded(turns), turnControls);
    int at = turns.startsWith(before) ? turns.indexOf(answer, before.length()) : -1;
    if (at < 0) {
      throw new IllegalArgumentException(
          "%s: its chat template has no place for a known answer where a response begins; leave gold solutions out with pairs.goldAmongWinners=false"
              .formatted(templates.source()));
    }
    String added = turns.substring(before.length(), at + answer.length()) + ending.gap();
    return IntStream.concat(Arrays.stream(after(before, added)), ending.id().stream()).toArray();
  }

  private int[] after(String before, String added) {
    int[] prompt = encoded(before);
    int[] whole = encoded(before + added);
    boolean meets =
        whole.length > prompt.length
            && Arrays.equals(whole, 0, prompt.length, prompt, 0, prompt.length);
    return meets
        ? Arrays.copyOfRange(whole, prompt.length, whole.length)
        : text.tokenizer().encodeRestWithSpecials(added);
  }

  /// Those of the text's rules, and the one that the template ends a message with.
  @Override
  public List<Integer> stopIds() {
    List<Integer> ids = new ArrayList<>(text.stopIds());
    ending.id().stream().filter(id -> !ids.contains(id)).forEach(ids::add);
    return List.copyOf(ids);
  }

  /// Where the template is and what ends a response, in one line.
  @Override
  public String toString() {
    String end =
        ending.id().isPresent() ? text.tokenizer().piece(ending.id().getAsInt()) : "nothing";
    return "the template in %s; a response ends with: %s".formatted(templates.source(), end);
  }
}
