"""What the whole-program tests share: the real binary, imposter providers, a raw HTTP client, configurations."""
