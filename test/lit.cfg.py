# What every lit test may use. A test is a file with RUN lines: .mlir for IR,
# .test for scripts. Substitutions: %python, %src (source root), %obj (build
# root), and lit's own %s, %t, %S.
#
# Features, for REQUIRES: each is a fact about this machine. A test that lacks
# one is reported as UNSUPPORTED, with the feature's name as the reason.

import os
import shutil

import lit.formats

config.name = "GSA"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Unit", "Inputs"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.gsa_obj_root, "test")

config.environment["PATH"] = os.pathsep.join(
    [config.gsa_bin_dir, config.llvm_tools_dir, config.environment["PATH"]]
)
# Scripts are run from the source tree, which tests leave as they found it.
config.environment["PYTHONDONTWRITEBYTECODE"] = "1"

config.substitutions.append(("%python", config.python))
config.substitutions.append(("%src", config.gsa_src_root))
config.substitutions.append(("%obj", config.gsa_obj_root))

# The assembler of the CUDA toolkit, where gsa-compile looks for it.
for name in ("CUDA_HOME", "GSA_PTXAS", "GSA_AMD_RUNNER", "TINYGRAD"):
    if name in os.environ:
        config.environment[name] = os.environ[name]
folders = [os.environ["PATH"], "/usr/local/cuda/bin"]
if "CUDA_HOME" in os.environ:
    folders.insert(1, os.path.join(os.environ["CUDA_HOME"], "bin"))
ptxas = shutil.which(os.environ.get("GSA_PTXAS", "ptxas"),
                     path=os.pathsep.join(folders))
if ptxas:
    config.available_features.add("ptxas")
    config.substitutions.append(("%ptxas", ptxas))
else:
    lit_config.note("no machine code for NVIDIA is tested: no ptxas")

# An emulator of AMD's devices: test/Integration/AMD/emulator.py.
if (os.path.exists(os.environ.get("GSA_AMD_RUNNER", ""))
        and os.path.isdir(os.environ.get("TINYGRAD", ""))):
    config.available_features.add("amd-emulator")
else:
    lit_config.note("no code for AMD is run: GSA_AMD_RUNNER and TINYGRAD must "
                    "be amdrun.py and a checkout of tinygrad")

# An emulator of NVIDIA's devices: test/Emulator. A suite that runs in it is
# made without machine code, which it would prefer.
folder = os.path.join(config.gsa_obj_root, "test/Emulator")
if os.path.exists(os.path.join(folder, "libcuda.so.1")):
    config.available_features.add("nvidia-emulator")
    config.substitutions.append(("%emulator", folder))
else:
    lit_config.note("no code for NVIDIA is run: there is no test/Emulator, "
                    "which needs Boost.Context and a build without sanitizers")
