/* The model and the prompt, as bytes of the program. */
        .section .rodata
        .globl model_start, model_end, prompt_start, prompt_end
        .balign 64
model_start:
        .incbin MODEL
model_end:
prompt_start:
        .incbin PROMPT
prompt_end:
#if defined(__linux__)
        .section .note.GNU-stack, "", %progbits
#endif
