/// What a training minimises, a class for each loss.
///
/// ```text
/// irpo   L_NLL + α·L_DPO, the paper's            arXiv:2404.19733, Eq. 1
/// dpo    −ln σ(β·(h_w − h_l))                    arXiv:2305.18290, Eq. 7      h = ln M_θ/M_ref
/// ipo    (h_w − h_l − 1/(2τ))²                   arXiv:2310.12036, Eq. 17
/// simpo  −ln σ(β·(l_w − l_l) − γ)                arXiv:2405.14734, Eq. 6      l = ln M_θ a token
/// sft    −l_w
/// ```
///
/// A loss is a [dev.irpo.transformer.train.Loss]: a formula over what it asks of its items. To add
/// one, write its class here, a constant of [dev.irpo.loss.LossSettings.Kind] with the keys that it
/// takes, and a test of its identities and slopes; `EveryLossTest` checks its gradient. Keys whose
/// names begin with that of the loss concern no preset of another.
package dev.irpo.loss;
