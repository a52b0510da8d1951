//===- Npy.cpp - NumPy's files --------------------------------------------===//
//
// By xtensor, which throws: this file alone is compiled with exceptions.
//
//===----------------------------------------------------------------------===//

#include "Npy.h"

#include <exception>
#include <fstream>
#include <iterator>
#include <sstream>
#include <xtensor/xnpy.hpp>

using namespace mlir::gsa::run;

static bool parse(const std::string &bytes, NpyArray &array) {
  // Magic, version, the header's length, and a header that is not empty.
  if (bytes.size() < 11 || (bytes[8] == 0 && bytes[9] == 0))
    throw std::runtime_error("too short a file");
  std::istringstream stream(bytes);
  xt::detail::npy_file file = xt::detail::load_npy_file(stream);
  std::size_t elements = 1;
  for (std::size_t extent : file.m_shape) {
    if (extent != 0 && elements > bytes.size() / extent)
      throw std::runtime_error("a shape larger than the file");
    elements *= extent;
  }
  if (stream.gcount() != std::streamsize(file.n_bytes()) ||
      stream.peek() != std::istringstream::traits_type::eof())
    throw std::runtime_error("a file whose size is not its shape's");
  if (file.m_fortran_order && file.m_shape.size() > 1)
    throw std::runtime_error("Fortran order");
  array.dtype = file.m_typestring;
  array.shape.assign(file.m_shape.begin(), file.m_shape.end());
  array.data.assign(file.ptr(), file.ptr() + file.n_bytes());
  return true;
}

bool mlir::gsa::run::readNpy(const std::string &path, NpyArray &array,
                             std::string &message) {
  try {
    std::ifstream stream(path, std::ifstream::binary);
    if (!stream) {
      message = "'" + path + "' must be readable, got no such file";
      return false;
    }
    std::string bytes(std::istreambuf_iterator<char>(stream), {});
    return parse(bytes, array);
  } catch (const std::exception &error) {
    message =
        "'" + path + "' must be a NumPy array in C order, got: " + error.what();
    return false;
  }
}

std::string mlir::gsa::run::writeNpy(const NpyArray &array) {
  std::ostringstream stream;
  xt::detail::write_header(stream, array.dtype, /*fortran_order=*/false,
                           array.shape);
  stream.write(array.data.data(), std::streamsize(array.data.size()));
  return stream.str();
}
