{
  # The CPU addon, built by a plain `npm install`. CMakeLists.txt builds the same sources into the same addon.
  # -fwrapv: integer tensors wrap around, as in PyTorch. Exceptions: Note [Workspaces and the limit] in
  # native/runtime/scratch.h; node-gyp's -fno-exceptions is taken away below.
  "variables": {
    "isas%": "all",  # or "portable", which spares two thirds of the compilation (scripts/bootstrap.mjs --portable)
    "fast": ["-std=c++20", "-O3", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=fast", "-fwrapv", "-fvisibility=hidden", "-Wall", "-Wno-psabi"],
  },
  "target_defaults": {
    "include_dirs": ["native"],
    "cflags!": ["-O2", "-O3"],
    "cflags_cc!": ["-std=gnu++17", "-std=gnu++20", "-fno-exceptions", "-fno-rtti"],
    "xcode_settings": { "CLANG_CXX_LANGUAGE_STANDARD": "c++20", "MACOSX_DEPLOYMENT_TARGET": "12.0", "GCC_OPTIMIZATION_LEVEL": "3", "GCC_ENABLE_CPP_EXCEPTIONS": "YES" },
  },
  "targets": [
    {
      "target_name": "kernels_portable",
      "type": "static_library",
      "sources": ["<!@(node scripts/sources.js kernels)"],
      "defines": ["NG_ISA=portable", "NG_ISA_PORTABLE=1"],
      "cflags_cc": ["<@(fast)"],
      "xcode_settings": { "OTHER_CPLUSPLUSFLAGS": ["<@(fast)"] },
    },
    {
      "target_name": "nodegrad",
      "sources": ["<!@(node scripts/sources.js runtime)", "<!@(node scripts/sources.js binding)"],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_EXPERIMENTAL", "NODE_API_EXPERIMENTAL_NO_WARNING", "NAPI_DISABLE_CPP_EXCEPTIONS", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
      "cflags_cc": ["-std=c++20", "-O2", "-fvisibility=hidden", "-Wall", "-Wno-psabi"],
      "dependencies": ["kernels_portable"],
      "conditions": [
        ["target_arch=='x64' and isas=='all'", { "dependencies": ["kernels_avx2", "kernels_avx512"], "defines": ["NG_HAS_AVX2", "NG_HAS_AVX512"] }],
        # nodelete: Note [Never unloaded] in native/runtime/threads.cpp
        ["OS=='linux'", { "libraries": ["-lpthread", "-ldl"], "ldflags": ["-Wl,-z,nodelete"] }],
      ],
    },
  ],
  "conditions": [
    ["target_arch=='x64' and isas=='all'", {
      "targets": [
        {
          "target_name": "kernels_avx2",
          "type": "static_library",
          "sources": ["<!@(node scripts/sources.js kernels)"],
          "defines": ["NG_ISA=avx2", "NG_ISA_AVX2=1"],
          "cflags_cc": ["<@(fast)", "-march=x86-64-v3", "-mtune=haswell"],
          "xcode_settings": { "OTHER_CPLUSPLUSFLAGS": ["<@(fast)", "-march=x86-64-v3"] },
        },
        {
          "target_name": "kernels_avx512",
          "type": "static_library",
          "sources": ["<!@(node scripts/sources.js kernels)"],
          "defines": ["NG_ISA=avx512", "NG_ISA_AVX512=1"],
          "cflags_cc": ["<@(fast)", "-march=x86-64-v4", "-mprefer-vector-width=512"],
          "xcode_settings": { "OTHER_CPLUSPLUSFLAGS": ["<@(fast)", "-march=x86-64-v4"] },
        },
      ],
    }],
  ],
}
