//===- gsa.hpp - Compiled kernels from C++ --------------------------------===//
//
// A few inline helpers over runtime.h; a C++ program may as well call that
// directly. Nothing throws: the outcome is the gsa_status, the words are in
// gsa_error_detail. C++17.
//
//===----------------------------------------------------------------------===//

#ifndef GSA_GSA_HPP
#define GSA_GSA_HPP

#include "gsa/runtime.h"

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <new>
#include <type_traits>

namespace gsa {

/// Storage of the 16-bit element types, which C++17 has no types for. Any
/// other type of 16 bits can say so with a specialization of `dtypeOf`.
struct F16 {
  uint16_t bits;
};
struct BF16 {
  uint16_t bits;
};

/// The gsa_dtype of a C++ type.
template <typename T> inline constexpr gsa_dtype dtypeOf = gsa_dtype(0);
template <> inline constexpr gsa_dtype dtypeOf<float> = GSA_F32;
template <> inline constexpr gsa_dtype dtypeOf<double> = GSA_F64;
template <> inline constexpr gsa_dtype dtypeOf<F16> = GSA_F16;
template <> inline constexpr gsa_dtype dtypeOf<BF16> = GSA_BF16;
template <> inline constexpr gsa_dtype dtypeOf<int32_t> = GSA_I32;
template <> inline constexpr gsa_dtype dtypeOf<int64_t> = GSA_I64;

/// A tensor without gaps over `data`. A kernel writes to its outputs only, so
/// an input may be const. More than GSA_MAX_RANK extents make a tensor that no
/// kernel takes.
template <typename T>
[[nodiscard]] gsa_tensor tensor(T *data, std::initializer_list<int64_t> shape) {
  using Element = std::remove_const_t<T>;
  static_assert(dtypeOf<Element> != gsa_dtype(0),
                "gsa::tensor needs a gsa::dtypeOf the element");
  return gsa_dense(const_cast<Element *>(data), dtypeOf<Element>,
                   static_cast<int32_t>(shape.size()), shape.begin());
}

/// The same with strides, counted in elements, one for each extent.
template <typename T>
[[nodiscard]] gsa_tensor tensor(T *data, std::initializer_list<int64_t> shape,
                                std::initializer_list<int64_t> stride) {
  gsa_tensor result = tensor(data, shape);
  if (stride.size() != shape.size() || stride.size() > GSA_MAX_RANK) {
    result.rank = -1; // no kernel takes it
    return result;
  }
  int32_t i = 0;
  for (int64_t step : stride)
    result.stride[i++] = step;
  return result;
}

/// The head of a generated params struct.
template <typename Params>
[[nodiscard]] const gsa_params *head(const Params &params) {
  static_assert(
      std::is_standard_layout_v<Params> &&
          sizeof(Params) >= sizeof(gsa_params) &&
          (sizeof(Params) - sizeof(gsa_params)) % sizeof(gsa_tensor) == 0,
      "gsa needs a generated params struct: gsa_params, then "
      "tensors");
  return reinterpret_cast<const gsa_params *>(&params);
}
template <typename Params> [[nodiscard]] gsa_params *head(Params &params) {
  const Params &same = params;
  return const_cast<gsa_params *>(head(same));
}

/// Where the memory of a workspace comes from. For device images that is the
/// device's allocator, whose functions are two small ones of the program. A
/// buffer is released while a launch that was given it may still run: `release`
/// waits for it, or frees in the order of the stream.
struct Memory {
  /// Bytes aligned to GSA_WORKSPACE_ALIGNMENT; null if there are none.
  void *(*allocate)(size_t bytes, void *user);
  void (*release)(void *buffer, void *user);
  void *user;    ///< handed to both
  bool onDevice; ///< a device reaches it, and the host need not
};

/// The C++ heap.
[[nodiscard]] inline Memory hostMemory() {
  constexpr std::align_val_t alignment{GSA_WORKSPACE_ALIGNMENT};
  return {[](size_t bytes, void *) {
            return ::operator new(bytes, alignment, std::nothrow);
          },
          [](void *buffer, void *) { ::operator delete(buffer, alignment); },
          nullptr, false};
}

/// An aligned buffer that grows to what the calls made with it need. Two calls
/// at the same time need one each, and so do two streams.
class Workspace {
public:
  explicit Workspace(const Memory &memory = hostMemory())
      : buffer(nullptr, Release{memory}) {}

  /// Null before the first call that needs a workspace.
  [[nodiscard]] void *data() const { return buffer.get(); }
  /// Bytes.
  [[nodiscard]] size_t size() const { return bytes; }
  [[nodiscard]] bool isOnDevice() const {
    return buffer.get_deleter().memory.onDevice;
  }

  /// Has at least `wanted` bytes afterwards, whose content is lost. False
  /// without the memory for it: the buffer is then as it was.
  [[nodiscard]] bool reserve(size_t wanted) {
    if (wanted <= bytes)
      return true;
    const Memory &memory = buffer.get_deleter().memory;
    void *grown = memory.allocate(wanted, memory.user);
    if (!grown)
      return false;
    buffer.reset(grown);
    bytes = wanted;
    return true;
  }

private:
  struct Release {
    Memory memory;
    void operator()(void *buffer) const { memory.release(buffer, memory.user); }
  };

  std::unique_ptr<void, Release> buffer;
  size_t bytes = 0;
};

/// Loads the image that `params` choose before the first launch needs it.
template <typename Params>
[[nodiscard]] gsa_status preload(const gsa_kernel &kernel,
                                 const Params &params) {
  return gsa_preload(&kernel, head(params));
}

/// What a launch with `params` would do. `result` is set on success.
template <typename Params>
[[nodiscard]] gsa_status query(const gsa_kernel &kernel, const Params &params,
                               gsa_query_result &result) {
  result.size = sizeof(result);
  return gsa_query(&kernel, head(params), &result);
}

/// Runs the kernel with as much of `workspace` as it needs, which grows if it
/// is too small; `params` keeps pointing to it. If there is no memory for that,
/// or the image runs where that memory is not, the status is
/// GSA_ERROR_WORKSPACE. How much it needs is asked without the stream: the
/// context of the stream is to be the calling thread's.
template <typename Params>
[[nodiscard]] gsa_status launch(const gsa_kernel &kernel, Params &params,
                                Workspace &workspace,
                                gsa_stream stream = nullptr) {
  gsa_query_result plan = {};
  if (gsa_status status = query(kernel, params, plan))
    return status;
  bool onDevice = plan.backend != GSA_BACKEND_CPU;
  bool fits = plan.workspace_size == 0 || onDevice == workspace.isOnDevice();
  // Without the memory the launch says what it needs and what it got.
  if (fits)
    (void)workspace.reserve(plan.workspace_size);
  gsa_params *common = head(params);
  common->workspace = fits ? workspace.data() : nullptr;
  common->workspace_size = fits ? workspace.size() : 0;
  return gsa_launch(&kernel, common, stream);
}

} // namespace gsa

#endif // GSA_GSA_HPP
