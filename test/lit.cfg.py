# What every lit test may use. A test is a file with RUN lines: .mlir for IR,
# .test for scripts. Substitutions: %python, %src (source root), %obj (build
# root), and lit's own %s, %t, %S.
#
# Features, for REQUIRES: each is a fact about this machine. A test that lacks
# one is reported as UNSUPPORTED, with the feature's name as the reason.

import os

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
