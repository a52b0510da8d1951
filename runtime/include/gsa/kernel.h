//===- kernel.h - The contract between a compiled kernel and the runtime --===//
//
// A compiled spec is one object file with read-only descriptions (`gsa_kernel`)
// and machine code. This header is everything the compiler and the runtime
// agree on; the compiler emits constants of these types, so a change of any
// struct below needs a new GSA_ABI_VERSION. C99, no other header of ours.
//
//===----------------------------------------------------------------------===//

#ifndef GSA_KERNEL_H
#define GSA_KERNEL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GSA_ABI_VERSION 4

/// Element types of tensors. The values are part of the ABI.
typedef enum gsa_dtype {
  GSA_F32 = 1,
  GSA_F16 = 2,
  GSA_BF16 = 3,
  GSA_F64 = 4,
  GSA_I32 = 5,
  GSA_I64 = 6
} gsa_dtype;

/// "f32" and so on; "an unknown type" if `dtype` is not a gsa_dtype.
static inline const char *gsa_dtype_name(int32_t dtype) {
  switch (dtype) {
  case GSA_F32:
    return "f32";
  case GSA_F16:
    return "f16";
  case GSA_BF16:
    return "bf16";
  case GSA_F64:
    return "f64";
  case GSA_I32:
    return "i32";
  case GSA_I64:
    return "i64";
  default:
    return "an unknown type";
  }
}

/// Bytes of an element, or 0 if `dtype` is not a gsa_dtype.
static inline int64_t gsa_dtype_bytes(int32_t dtype) {
  switch (dtype) {
  case GSA_F16:
  case GSA_BF16:
    return 2;
  case GSA_F32:
  case GSA_I32:
    return 4;
  case GSA_F64:
  case GSA_I64:
    return 8;
  default:
    return 0;
  }
}

/// The largest rank of a tensor: [batch, time, heads, size].
#define GSA_MAX_RANK 4

/// The largest extent of a tensor, and the most bytes of scratch or of an
/// image's workspaces. The elements of one tensor fill less than 2^63 bytes, so
/// products of its extents fit an int64_t.
#define GSA_MAX_EXTENT ((int64_t)1 << 40)

/// The largest gsa_params::threads.
#define GSA_MAX_THREADS 1024

/// Bytes that gsa_params::workspace and every `scratch` are aligned to.
#define GSA_WORKSPACE_ALIGNMENT 64

/// The most arguments of a kernel and workspace tensors of an image, together:
/// a device's parameters without maps, see gsa_stage, fit into 4 KiB.
#define GSA_MAX_TENSORS 51

/// The most maps of a stage, and the bytes of each, aligned to
/// GSA_MAP_ALIGNMENT: see gsa_stage.
#define GSA_MAX_MAPS 16
#define GSA_MAP_BYTES 128
#define GSA_MAP_ALIGNMENT 64

/// The most elements of a map's box along each dimension.
#define GSA_MAX_BOX_EXTENT 256

/// The most segments that a sequence is cut into.
#define GSA_MAX_SEGMENTS 1024

/// A strided tensor in memory that the caller owns. `shape` and `stride` have
/// `rank` meaningful entries; strides count elements. Laws, for dimensions of
/// more than one element:
///   * the last dimension's stride is 1, and no stride is negative;
///   * an output's strides each step over everything that smaller strides
///     reach, so no two elements share an address; inputs may (a stride of 0
///     repeats);
/// and for every tensor:
///   * `data` is aligned to its element, and may be null without elements;
///   * from its first element to its last, gaps included, an output has no byte
///     in common with any other argument.
typedef struct gsa_tensor {
  void *data;
  int64_t shape[GSA_MAX_RANK];
  int64_t stride[GSA_MAX_RANK];
  int32_t dtype; ///< gsa_dtype
  int32_t rank;
} gsa_tensor;

/// An extent that the call decides, in place of a static one in
/// `gsa_argument::shape`. All arguments of one call must agree on each.
typedef enum gsa_extent {
  GSA_EXTENT_BATCH = -1,     ///< B
  GSA_EXTENT_TIME = -2,      ///< T
  GSA_EXTENT_SEQUENCES = -3, ///< N: B without offsets, else entries of the
                             ///< offset table less one
  GSA_EXTENT_OFFSETS = -4,   ///< N + 1
  // Of workspaces only:
  GSA_EXTENT_CUTS = -5,         ///< gsa_extents::segments - 1
  GSA_EXTENT_CUT_SEQUENCES = -6 ///< N - gsa_extents::whole
} gsa_extent;

/// What a kernel does with an argument.
typedef enum gsa_argument_kind {
  GSA_INPUT = 0,
  GSA_OUTPUT = 1,
  /// Cumulative offsets of packed sequences: N + 1 values, the first 0, the
  /// last T, none smaller than the one before it. A host image's call checks
  /// that before anything runs. A device image's call does not read the table,
  /// which lies in device memory: there the law is the caller's to keep.
  GSA_OFFSETS = 2,
  /// No argument: a tensor in the call's workspace, with any content before
  /// the first stage, by which stages tell each other what they made.
  GSA_WORKSPACE = 3
} gsa_argument_kind;

/// One argument of a kernel, in the order of the params struct.
typedef struct gsa_argument {
  const char *name;
  int64_t shape[GSA_MAX_RANK]; ///< static extents >= 0, or gsa_extent
  int32_t rank;                ///< 0 to GSA_MAX_RANK
  int32_t dtype;               ///< gsa_dtype
  int32_t kind;                ///< gsa_argument_kind
  int32_t reserved;
} gsa_argument;

/// The extents of one call, found from its arguments.
typedef struct gsa_extents {
  int64_t batch;
  int64_t time; ///< below 2^31 on devices
  int64_t sequences;
  /// Parts that the tokens of a sequence are cut into, 1 or more, and how many
  /// of the sequences, the first ones, are not cut: as gsa_image::segments
  /// answers.
  int64_t segments;
  int64_t whole;
} gsa_extents;

/// Which driver runs an image.
typedef enum gsa_backend {
  GSA_BACKEND_CPU = 0,
  GSA_BACKEND_CUDA = 1,
  GSA_BACKEND_HIP = 2
} gsa_backend;

/// How many values gsa_backend has: each is 0 to one less.
#define GSA_NUM_BACKENDS 3

/// Code for the host: runs one block. `tensors` are the call's arguments in
/// order, then the image's workspaces, and fulfil every law of gsa_tensor,
/// gsa_argument and GSA_OFFSETS;
/// blocks are independent and may run in any order and in parallel; `scratch`
/// is private to the call, aligned to GSA_WORKSPACE_ALIGNMENT, and holds at
/// least `gsa_image::scratch` bytes with any content (null if that is 0). It
/// runs in the default floating-point environment: to nearest, subnormal
/// numbers kept, no traps.
typedef void (*gsa_host_entry)(const gsa_tensor *tensors, int64_t block,
                               void *scratch);

/// How many blocks a call needs: not negative, and 0 if there is nothing to
/// write. Called after the arguments were checked.
typedef int64_t (*gsa_grid)(const gsa_extents *extents);

/// How many segments a call cuts sequences into, 1 to GSA_MAX_SEGMENTS, on a
/// device with that many processors (a host has one), on which `resident`
/// blocks of the image's last stage run at the same time. Sets `whole` to how
/// many of the sequences, the first ones, it leaves as they are: 0 to all.
/// `extents` say one segment, and that all are whole. Called after the
/// arguments were checked.
typedef int64_t (*gsa_segments)(const gsa_extents *extents, int64_t processors,
                                int64_t resident, int64_t *whole);

/// How a stage of a device image differs from a plain launch.
typedef enum gsa_stage_flag {
  /// May start before the stage before it has ended (programmatic dependent
  /// launch). The code itself waits before it reads or writes anything that
  /// earlier stages touch. Where the device cannot, it starts after them as any
  /// other stage does. Not for the first stage, which knows nothing of what the
  /// caller put on the stream before it.
  GSA_STAGE_OVERLAP = 1 << 0
} gsa_stage_flag;

/// How a kernel copies boxes of a tensor to shared memory by an engine of the
/// device. A box's rows, its elements along the tensor's last dimension, are
/// `swizzle` bytes long (32, 64 or 128) and lie behind each other, the last
/// dimension but one's fastest, 16-byte parts permuted: bits 4.. of an address
/// are XORed with as many bits from 7 on as number the parts of a row.
typedef struct gsa_map {
  int32_t tensor;  ///< by number, of the parameter's tensors; rank 2 or more
  int32_t swizzle; ///< bytes
  int32_t box[GSA_MAX_RANK]; ///< 1 to GSA_MAX_BOX_EXTENT elements each
} gsa_map;

/// One launch of an image, which runs its stages in order, a device's on the
/// call's stream: a stage sees everything that the ones before it wrote.
///
/// Every kernel of a device has a parameter, read-only and by value, aligned
/// to 8 bytes and 80 n bytes long: n tensors, the call's in the order of the
/// arguments, then the image's workspaces. They fulfil every law of gsa_tensor
/// and gsa_argument; their data are addresses of the device.
///
/// A stage with maps has two parameters more: its maps as the driver encodes
/// them, GSA_MAP_BYTES each; and an int64_t set of those that are there. A
/// tensor's may be missing: the engine wants addresses and strides that are
/// multiples of 16 bytes, among others. The kernel then copies without it.
typedef struct gsa_stage {
  const char *symbol; ///< the kernel's name in the code
  /// A stage of 0 blocks is not launched. On devices: blocks of the
  /// one-dimensional grid, a multiple of `cluster`, at most 2^31 - 1.
  gsa_grid grid;
  gsa_host_entry entry; ///< host images; what follows is of device images
  int32_t threads;      ///< of a block: 1 to 1024
  int32_t shared_bytes; ///< of a block, beside what the code itself declares
  int32_t cluster;      ///< neighbouring blocks that run at the same time and
                        ///< reach each other's shared memory, up to 16; 1: none
  int32_t flags;        ///< set of gsa_stage_flag
  const gsa_map *maps;
  int32_t num_maps; ///< 0 to GSA_MAX_MAPS
  int32_t reserved;
} gsa_stage;

/// Which devices run the code of a device image, by the number of their
/// architecture (the compute capability's major times 10 plus its minor) and
/// gsa_image::arch.
typedef enum gsa_arch_match {
  GSA_ARCH_EXACT = 1,   ///< that number only: architecture-specific code
  GSA_ARCH_FAMILY = 2,  ///< the same major and the same minor or a later one:
                        ///< machine code
  GSA_ARCH_AT_LEAST = 3 ///< that number or a larger one: code that the driver
                        ///< still compiles
} gsa_arch_match;

/// Code for one chip or family of chips. Host images (GSA_BACKEND_CPU) are a
/// function of the program, device images are bytes that a driver loads; what
/// only the other kind has is zero.
typedef struct gsa_image {
  const char *chip; ///< as given to --targets, with its variant if any
  int32_t backend;  ///< gsa_backend
  /// The largest of those that can run is chosen, the first among equals. The
  /// runtime has no other opinion about chips, so the compiler ranks device
  /// images above host images, machine code above code that the driver still
  /// compiles, and a later architecture above an earlier one.
  int32_t rank;
  int64_t scratch;      ///< host images: bytes of workspace a worker needs
  const char *schedule; ///< the schedule's one-line text form
  uint64_t features;    ///< host images: set of gsa_host_feature

  /// Device images: what the backend's driver loads, aligned to 8 bytes:
  /// machine code, or text that ends with a zero, which `code_size` counts. The
  /// image and its code stay where they are for as long as the process lives,
  /// since what was loaded is found again by the image's address: a library
  /// with a kernel that has run is not to be unloaded.
  const void *code;
  size_t code_size; ///< device images: bytes of `code`
  const gsa_stage *stages;
  /// Tensors that all stages share, dense, each aligned to
  /// GSA_WORKSPACE_ALIGNMENT: names, shapes and types, of kind GSA_WORKSPACE.
  const gsa_argument *workspaces;
  gsa_segments segments; ///< null: one, all sequences are whole
  int32_t num_stages;    ///< 1 or more
  int32_t num_workspaces;
  int32_t arch;  ///< device images: see gsa_arch_match
  int32_t match; ///< device images: gsa_arch_match
} gsa_image;

/// What a host image needs of the processor.
typedef enum gsa_host_feature {
  GSA_HOST_AVX2 = 1 << 0,      ///< x86-64-v3: AVX2, FMA, F16C, BMI2
  GSA_HOST_AVX512 = 1 << 1,    ///< x86-64-v4: AVX-512 F, BW, CD, DQ, VL
  GSA_HOST_AVX512BF16 = 1 << 2 ///< dot products of bf16 pairs
} gsa_host_feature;

/// What a kernel computes.
typedef enum gsa_role { GSA_ROLE_FORWARD = 0 } gsa_role;

/// One compiled kernel: read-only data in the object.
typedef struct gsa_kernel {
  uint32_t abi_version; ///< GSA_ABI_VERSION of the compiler
  int32_t role;         ///< gsa_role
  const char *name;     ///< the spec function's name
  int32_t num_arguments;
  int32_t num_images;
  const gsa_argument *arguments;
  const gsa_image *images;
} gsa_kernel;

/// The head of every generated params struct; the kernel's tensors follow it
/// as `gsa_tensor` fields in the order of its arguments.
typedef struct gsa_params {
  size_t size;      ///< sizeof of the whole generated struct
  const char *chip; ///< null: the best image that runs here; else that image
  int32_t threads;  ///< host images: workers, 1 = the caller alone, 0 = one a
                    ///< core, at most GSA_MAX_THREADS; inside a parallel
                    ///< region the caller is always alone
  /// The backends whose images may run: a set of 1 << gsa_backend. 0: all but
  /// the CPU if the kernel has an image for another, so that a call with device
  /// pointers never ends up on the host unless it asks to; the CPU if it has
  /// none, or if `chip` names an image for it.
  int32_t backends;
  void *workspace; ///< workspace_size bytes, GSA_WORKSPACE_ALIGNMENT aligned,
                   ///< in the memory that the tensors are in
  size_t workspace_size;
} gsa_params;

#ifdef __cplusplus
} // extern "C"
#endif

#endif // GSA_KERNEL_H
