/// The embedded base model M_0 of the demo, and the recipe that makes it again.
///
/// A model that cannot calculate gains nothing from preference optimisation, and one that always
/// does has nothing to learn. M_0, of about a million parameters, is trained from random weights on
/// generated text ([dev.irpo.synthetic]): it calculates, but reasons wrongly in half of its
/// answers. [dev.irpo.demo.BaseModelRecipe] writes all that its training needs;
/// [dev.irpo.demo.EmbeddedModel] is the result, in the jar.
package dev.irpo.demo;
