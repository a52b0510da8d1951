# GoogleTest programs: each executable below this directory's copy in the build
# tree whose name ends in "Tests".

import lit.formats

config.name = "GSA-Unit"
config.test_format = lit.formats.GoogleTest(".", "Tests")
config.test_source_root = config.gsa_unit_dir
config.test_exec_root = config.gsa_unit_dir
config.suffixes = []
config.excludes = ["CMakeFiles"]
