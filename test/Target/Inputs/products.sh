# products.sh CHIP TYPE SIZE KIND: the kernel of products.mlir, on standard output.
sed "s/CHIP/$1/g; s/TYPE/$2/g; s/SIZE/$3/g; s/KIND/$4/g" \
  "$(dirname "$0")/products.mlir"
