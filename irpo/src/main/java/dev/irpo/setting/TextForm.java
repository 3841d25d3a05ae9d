package dev.irpo.setting;

/// The form of a text that only code knows, for instance the names of a list.
///
/// A class that implements it has a public constructor without parameters.
public interface TextForm {
  /// Whether a text has this form.
  boolean allows(String text);

  /// The form in words.
  String words();
}
