/** The markers and the template of the tokenizers that Plumbline trains itself. Their ids are their places in the list. */
export const SPECIAL_TOKENS = ['<pad>', '<bos>', '<eos>', '<system>', '<user>', '<assistant>'] as const;

/**
 * `<bos><user>question<assistant>answer<eos>`: a role marker opens each message, `<eos>` closes the assistant's, so that a
 * policy learns to stop.
 */
export const CHAT_TEMPLATE =
  "{{ bos_token }}{% for message in messages %}{{ '<' + message.role + '>' + message.content }}" +
  "{% if message.role == 'assistant' %}{{ eos_token }}{% endif %}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<assistant>' }}{% endif %}";
