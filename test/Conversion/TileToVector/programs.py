"""Random tile programs: their text, and what they compute by NumPy.

Every number is an integer small enough that f32 sums and products are exact in
any order, so that results must be equal to the last bit; what rounds is only a
conversion to bf16 or f16, to nearest even. A program is one kernel of the
`chunked` stage: a loop over windows that carries tiles, with loads, a DAG of
random operations, a loop over a group of heads, and stores of what no operation
uses.
"""

import random

import numpy as np

BATCH, HEADS, GROUP = 2, 2, 2
EXACT = 2**24          # Integers below this are exact in f32.
CARRIED = 2**13        # The bound of a carried tile's elements.
MASK, NUMBER = "i1", "i32"


def rounded(x, element):
    """Integers as they are in `element`, ties to even."""
    x = np.asarray(x, np.float32)
    if element == "f16":
        return x.astype(np.float16).astype(np.float64)
    if element == "bf16":
        bits = x.view(np.uint32)
        bits = (bits + 0x7FFF + ((bits >> 16) & 1)) & np.uint32(0xFFFF0000)
        return bits.view(np.float32).astype(np.float64)
    return x.astype(np.float64)


class Value:
    """A tile of the program, |element| <= bound."""

    def __init__(self, name, shape, element, bound):
        self.name, self.shape, self.element = name, tuple(shape), element
        self.bound, self.used = bound, False

    @property
    def type(self):
        return f"tensor<{'x'.join(map(str, self.shape))}x{self.element}>"

    @property
    def is_float(self):
        return self.element not in (MASK, NUMBER)


class Argument:
    """A tensor that the kernel is called with."""

    def __init__(self, name, shape, element, kind):
        self.name, self.shape, self.element = name, shape, element
        self.kind = kind

    @property
    def type(self):
        strides = ", ".join("?" * (len(self.shape) - 1) + "1")
        shape = "x".join(map(str, self.shape))
        return f"memref<{shape}x{self.element}, strided<[{strides}], offset: ?>>"


class Program:
    """`dot16`: products may have bf16 factors; else those are widened first."""

    def __init__(self, seed, dot16):
        self.random = random.Random(seed)
        self.name, self.dot16 = f"p{seed}", dot16
        pick = self.random.choice
        self.chunk = pick([4, 8, 16, 16, 32, 64])
        # Padded size -> size of the tensors.
        self.sizes = {size: size - pick([0, 0, 3, 9])
                      for size in (pick([16, 32, 48]), pick([16, 64, 80]))}
        self.time = pick([1, self.chunk - 1, self.chunk, 2 * self.chunk + 3])
        self.windows = -(-self.time // self.chunk)
        self.reverse = self.random.random() < 0.3
        self.arguments, self.lines, self.steps = [], [], []
        self.values, self.depth, self.counter = [], 2, 0
        self.in_group = False
        self.build()

    # Text.

    def fresh(self, prefix="v"):
        self.counter += 1
        return f"%{prefix}{self.counter}"

    def line(self, text):
        self.lines.append("  " * self.depth + text)

    def text(self):
        inputs = [a for a in self.arguments if a.kind == "input"]
        outputs = [a for a in self.arguments if a.kind == "output"]
        self.arguments = inputs + outputs
        arguments = ",\n    ".join(
            f'%{a.name}: {a.type} {{gsa.name = "{a.name}", gsa.kind = "{a.kind}"}}'
            for a in self.arguments)
        schedule = f"#gsa.schedule<fused, chunk = {self.chunk}>"
        return (f"func.func @{self.name}(\n    {arguments})\n    attributes "
                f"{{gsa.kernel, gsa.schedule = {schedule}}} {{\n"
                + "\n".join(self.lines) + "\n  return\n}\n")

    # Values.

    def add(self, text, shape, element, bound, compute):
        """A new value: its line, and how its array follows from the others'."""
        value = Value(self.fresh(), shape, element, bound)
        self.line(f"{value.name} = {text.format(type=value.type)}")
        self.steps.append(lambda env: env.__setitem__(value, compute(env)))
        self.values.append(value)
        return value

    def constant(self, shape, element, number):
        number_text = number if element == NUMBER else f"{number}.0"
        return self.add(f"arith.constant dense<{number_text}> : {{type}}", shape,
                        element, abs(number),
                        lambda env: np.full((BATCH, HEADS, *shape), float(number)))

    def argument(self, shape, element, kind):
        argument = Argument(f"a{len(self.arguments)}", shape, element, kind)
        self.arguments.append(argument)
        return argument

    def pick(self, accept=lambda value: True, floats=True):
        found = [v for v in self.values
                 if (v.is_float or not floats) and accept(v)]
        # Late values make deep programs.
        weights = [1 + i for i in range(len(found))]
        return self.random.choices(found, weights)[0] if found else None

    def use(self, *values):
        for value in values:
            value.used = True

    # Operations. Each may find nothing to work on, and then does nothing.

    def load(self):
        element = self.random.choice(["f32", "bf16", "bf16", "f16"])
        kind = self.random.random()
        size = self.random.choice(list(self.sizes))
        step = -1 if self.reverse else 1
        if kind < 0.75:
            matrix = kind < 0.6
            grouped = self.in_group and self.random.random() < 0.7
            heads = HEADS * GROUP if grouped else HEADS
            shape = ["?", "?", heads] + ([self.sizes[size]] if matrix else [])
            tile = (self.chunk, size) if matrix else (self.chunk,)
            source = self.argument(shape, element, "input")

            def compute(env):
                data = env[source]  # [B, T, heads, size]
                if grouped:
                    data = data[:, :, env["group"]::GROUP]
                result = np.zeros((BATCH, HEADS, *tile))
                start = env["position"]
                for j in range(min(self.chunk, self.time - start)):
                    t = start + j
                    t = self.time - 1 - t if self.reverse else t
                    where = (slice(None), slice(None), j) + (
                        (slice(shape[-1]),) if matrix else ())
                    result[where] = data[:, t]
                return result

            column = ", %c0] dims [1, 3]" if matrix else "] dims [1]"
            self.add(f"tile.load %{source.name}[%s, %token, "
                     f"{'%hq' if grouped else '%h'}{column} rows %rows step {step}"
                     f" : {source.type} -> {{type}}", tile, element, 2, compute)
            return
        sizes = [size] + ([self.random.choice(list(self.sizes))] if kind < 0.9
                          else [])
        self.state(sizes, element)

    def state(self, sizes, element):
        extents = [self.sizes[size] for size in sizes]
        source = self.argument(["?", HEADS, *extents], element, "input")

        def compute(env):
            result = np.zeros((BATCH, HEADS, *sizes))
            result[(...,) + tuple(map(slice, extents))] = env[source]
            return result

        zeros = ", %c0" * len(sizes)
        dims = "[2, 3]" if len(sizes) == 2 else "[2]"
        return self.add(f"tile.load %{source.name}[%s, %h{zeros}] dims {dims}"
                        f" : {source.type} -> {{type}}", sizes, element, 2, compute)

    def unary(self):
        x = self.pick()
        self.use(x)
        if self.random.random() < 0.4:
            self.add(f"arith.negf {x.name} : {{type}}", x.shape, x.element, x.bound,
                     lambda env: -env[x])
        else:
            self.clamp(x, self.random.choice([1, 3, 5]))

    def clamp(self, x, limit):
        high = self.constant(x.shape, x.element, limit)
        low = self.constant(x.shape, x.element, -limit)
        self.use(x, high, low)
        y = self.add(f"arith.minimumf {x.name}, {high.name} : {{type}}", x.shape,
                     x.element, x.bound, lambda env: np.minimum(env[x], limit))
        self.use(y)
        return self.add(f"arith.maximumf {low.name}, {y.name} : {{type}}", x.shape,
                        x.element, limit, lambda env: np.maximum(-limit, env[y]))

    def convert(self, x=None, element=None):
        x = x or self.pick()
        element = element or self.random.choice(["f32", "bf16", "f16"])
        if x.element == element:
            return x
        if x.element != "f32" and element != "f32":
            x = self.convert(x, "f32")
        if element == "f16" and x.bound > 60000:
            x = self.clamp(x, 5)
        self.use(x)
        op = "extf" if element == "f32" else "truncf"
        return self.add(f"arith.{op} {x.name} : {x.type} to {{type}}", x.shape,
                        element, x.bound * 1.01,
                        lambda env: rounded(env[x], element))

    def binary(self):
        x = self.pick()
        y = self.pick(lambda y: y.shape == x.shape)
        x, y = self.convert(x, "f32"), self.convert(y, "f32")
        ops = {"addf": (np.add, x.bound + y.bound),
               "subf": (np.subtract, x.bound + y.bound),
               "mulf": (np.multiply, x.bound * y.bound),
               "maximumf": (np.maximum, max(x.bound, y.bound)),
               "minimumf": (np.minimum, max(x.bound, y.bound))}
        name, (op, bound) = self.random.choice(list(ops.items()))
        if bound < EXACT:
            self.use(x, y)
            self.add(f"arith.{name} {x.name}, {y.name} : {{type}}", x.shape, "f32",
                     bound, lambda env: op(env[x], env[y]))

    def iota(self, shape, dim):
        def compute(env):
            steps = np.arange(shape[dim], dtype=float)
            steps = steps.reshape([-1 if i == dim else 1 for i in range(len(shape))])
            return np.broadcast_to(steps, (BATCH, HEADS, *shape))
        value = self.add(f"tile.iota along {dim} : {{type}}", shape, NUMBER,
                         max(shape), compute)
        self.use(value)
        return value

    def mask(self, shape):
        """Coordinates below a constant, the window's rows, or each other."""
        dim = self.random.randrange(len(shape))
        i = self.iota(shape, dim)
        kind = self.random.choice(["constant", "rows", "diagonal"])
        if kind == "diagonal" and len(shape) == 2:
            limit = self.iota(shape, 1 - dim)
        elif kind == "rows":
            limit = self.add("tensor.splat %rows32 : {type}", shape, NUMBER, 64,
                             lambda env: np.full(
                                 (BATCH, HEADS, *shape),
                                 min(self.chunk, self.time - env["position"])))
        else:
            limit = self.constant(shape, NUMBER, self.random.randrange(shape[dim]))
        self.use(limit)
        predicate, op = self.random.choice([("slt", np.less),
                                            ("sge", np.greater_equal)])
        mask = self.add(f"arith.cmpi {predicate}, {i.name}, {limit.name} :"
                        f" {i.type}", shape, MASK, 1,
                        lambda env: op(env[i], env[limit]))
        self.use(mask)
        return mask

    def select(self):
        x = self.pick()
        y = self.pick(lambda y: y.shape == x.shape)
        if x.element != y.element:
            y = self.constant(x.shape, x.element, 0)
        self.use(x, y)
        mask = self.mask(x.shape)
        self.add(f"arith.select {mask.name}, {x.name}, {y.name} : {mask.type},"
                 f" {x.type}", x.shape, x.element, max(x.bound, y.bound),
                 lambda env: np.where(env[mask], env[x], env[y]))

    def broadcast(self):
        x = self.pick(lambda x: len(x.shape) == 1)
        if not x:
            return
        dim = self.random.randrange(2)
        size = self.random.choice([*self.sizes, self.chunk])
        shape = (size, x.shape[0]) if dim == 0 else (x.shape[0], size)
        self.use(x)
        self.add(f"tile.broadcast {x.name} along {dim} : {x.type} -> {{type}}",
                 shape, x.element, x.bound,
                 lambda env: np.broadcast_to(np.expand_dims(env[x], dim + 2),
                                             (BATCH, HEADS, *shape)))

    def transpose(self, x=None):
        x = x or self.pick(lambda x: len(x.shape) == 2)
        if not x:
            return None
        self.use(x)
        return self.add(f"tile.transpose {x.name} : {x.type} -> {{type}}",
                        x.shape[::-1], x.element, x.bound,
                        lambda env: np.swapaxes(env[x], -1, -2))

    def factor(self, rows=None, columns=None):
        """A matrix with these extents, perhaps a transpose."""
        def fits(shape):
            return (len(shape) == 2 and rows in (None, shape[0])
                    and columns in (None, shape[1]))
        x = self.pick(lambda x: fits(x.shape) or
                      len(x.shape) == 2 and fits(x.shape[::-1]))
        if x and (not fits(x.shape) or
                  x.shape[0] == x.shape[1] and self.random.random() < 0.5):
            x = self.transpose(x)
        return x

    def product(self, a, b, acc=None):
        element = "f32"
        if {a.element, b.element} == {"bf16"}:
            if self.dot16:
                element = "bf16"
        a, b = self.convert(a, element), self.convert(b, element)
        shape = (a.shape[0], b.shape[1])
        acc = acc or self.constant(shape, "f32", 0)
        bound = a.bound * b.bound * a.shape[1] + acc.bound
        if bound >= EXACT:
            return None
        self.use(a, b, acc)
        return self.add(f"tile.mma {a.name}, {b.name}, {acc.name} : {a.type},"
                        f" {b.type}, {{type}}", shape, "f32", bound,
                        lambda env: env[a] @ env[b] + env[acc])

    def mma(self):
        a = self.factor()
        b = a and self.factor(rows=a.shape[1])
        if not b:
            return
        # Factors of most products are small: clamped ones, or as loaded.
        if self.random.random() < 0.5:
            a, b = self.convert(a, "bf16"), self.convert(b, "bf16")
        a = self.clamp(a, 3) if a.bound > 300 else a
        b = self.clamp(b, 3) if b.bound > 300 else b
        shape = (a.shape[0], b.shape[1])
        acc = None
        if self.random.random() < 0.6:
            acc = self.pick(lambda x: x.shape == shape and x.element == "f32")
        self.product(a, b, acc)

    def scan(self):
        x = self.pick()
        x = self.convert(x, "f32")
        bound = x.bound * x.shape[0]
        if bound >= EXACT:
            return
        self.use(x)
        names = [self.fresh() for _ in range(3)]
        shapes = [x.shape, x.shape, x.shape[1:]]
        types = [f"tensor<{''.join(f'{n}x' for n in s)}f32>" for s in shapes]
        self.line(f"{', '.join(names)} = tile.scan add {x.name} along 0 : {x.type}"
                  f" -> {', '.join(types)}")
        values = [Value(name, shape, "f32", bound)
                  for name, shape in zip(names, shapes)]

        def step(env):
            sums = np.cumsum(env[x], axis=2)
            env[values[0]], env[values[1]] = sums, sums - env[x]
            env[values[2]] = sums[:, :, -1]
        self.steps.append(step)
        self.values += values[:2 if len(x.shape) == 1 else 3]

    def reduce(self):
        x = self.convert(self.pick(), "f32")
        kind, op = self.random.choice([("add", np.sum), ("max", np.max),
                                       ("min", np.min)])
        rank = len(x.shape)
        dims = self.random.choice([(0,), (1,), (0, 1)]) if rank == 2 else (0,)
        bound = x.bound * (np.prod([x.shape[d] for d in dims]) if kind == "add"
                           else 1)
        if bound >= EXACT:
            return
        self.use(x)
        axes = tuple(d + 2 for d in dims)
        shape = [n for d, n in enumerate(x.shape) if d not in dims]
        if shape:
            self.add(f"tile.reduce {kind} {x.name} along {list(dims)} : {x.type} ->"
                     f" {{type}}", shape, "f32", bound,
                     lambda env: op(env[x], axis=axes))
            return
        scalar = self.fresh("s")
        self.line(f"{scalar} = tile.reduce {kind} {x.name} along {list(dims)} :"
                  f" {x.type} -> f32")
        to = self.random.choice([x.shape, (self.chunk,)])
        self.add(f"tensor.splat {scalar} : {{type}}", to, "f32", bound,
                 lambda env: np.broadcast_to(
                     op(env[x], axis=axes).reshape((BATCH, HEADS) + (1,) * len(to)),
                     (BATCH, HEADS, *to)))

    def lowest_coordinate(self):
        """An integer reduction: the first row that a mask leaves out."""
        shape = (self.chunk, self.random.choice(list(self.sizes)))
        mask, row = self.mask(shape), self.iota(shape, 0)
        end = self.constant(shape, NUMBER, self.chunk)
        self.use(end)
        rows = self.add(f"arith.select {mask.name}, {end.name}, {row.name} :"
                        f" {mask.type}, {{type}}", shape, NUMBER, self.chunk,
                        lambda env: np.where(env[mask], env[end], env[row]))
        self.use(rows)
        least, number = self.fresh("s"), self.fresh("s")
        self.line(f"{least} = tile.reduce min {rows.name} along [0, 1] : {rows.type}"
                  " -> i32")
        self.line(f"{number} = arith.sitofp {least} : i32 to f32")
        self.add(f"tensor.splat {number} : {{type}}", shape, "f32", self.chunk,
                 lambda env: np.broadcast_to(
                     env[rows].min(axis=(2, 3), keepdims=True),
                     (BATCH, HEADS, *shape)))

    def operations(self, count):
        ops = {self.load: 3, self.unary: 1, self.convert: 2, self.binary: 3,
               self.select: 2, self.broadcast: 2, self.transpose: 1, self.mma: 6,
               self.scan: 1, self.reduce: 2, self.lowest_coordinate: 0.3}
        for op in self.random.choices(list(ops), list(ops.values()), k=count):
            op()

    # Stores.

    def store(self, x, in_loop=True):
        over_time = (in_loop and x.shape[0] == self.chunk
                     and self.random.random() < 0.8)
        cut = self.random.choice([0, 0, 1])
        step = -1 if self.reverse else 1
        heads = HEADS * GROUP if self.in_group else HEADS
        head = "%hq" if self.in_group else "%h"
        x.used = True
        if over_time:
            extents = [n - cut for n in x.shape[1:]]
            target = self.argument(["?", "?", heads, *extents], x.element, "output")
            column = ", %c0] dims [1, 3]" if extents else "] dims [1]"
            where = f"[%s, %token, {head}{column} rows %rows step {step}"
        else:
            extents = [n - cut for n in x.shape]
            target = self.argument(["?", heads, *extents], x.element, "output")
            zeros = ", %c0" * len(extents)
            dims = "[2, 3]" if len(extents) == 2 else "[2]"
            where = f"[%s, {head}{zeros}] dims {dims}"
        self.line(f"tile.store {x.name}, %{target.name}{where} : {x.type},"
                  f" {target.type}")
        grouped = self.in_group

        def step_(env):
            out, data = env[target], env[x]
            every = (slice(env["group"], None, GROUP) if grouped
                     else slice(None))
            if not over_time:
                out[:, every] = data[(...,) + tuple(map(slice, extents))]
                return
            start = env["position"]
            for j in range(min(self.chunk, self.time - start)):
                t = self.time - 1 - start - j if self.reverse else start + j
                out[:, t, every] = data[(slice(None), slice(None), j) +
                                        tuple(map(slice, extents))]
        self.steps.append(step_)

    def store_unused(self, visible):
        for value in self.values[visible:]:
            if value.is_float and not value.used and value.shape:
                self.store(value)

    # Structure.

    def next_of(self, carry):
        """What the next window carries: mostly sums, and small enough."""
        kind = self.random.random()
        if len(carry.shape) == 2 and kind < 0.8:
            a = self.factor(rows=carry.shape[0], columns=self.chunk)
            b = self.factor(rows=self.chunk, columns=carry.shape[1])
            if a and b:
                limit = CARRIED / (self.chunk * self.windows)
                a = self.clamp(a, 2) if a.bound > 2 else a
                b = self.clamp(b, 2) if b.bound * 2 > limit else b
                acc = carry
                if self.random.random() < 0.3:
                    acc = self.clamp(carry, 5)
                result = self.product(a, b, acc)
                if kind < 0.3:
                    self.use(result)
                    result = self.clamp(result, 5)
                return result
        found = self.pick(lambda x: x.shape == carry.shape and x.element == "f32")
        return self.clamp(found, 5)

    def run_steps(self, steps, env):
        for step in steps:
            step(env)

    def build(self):
        shapes = [tuple(self.random.choice(list(self.sizes))
                        for _ in range(self.random.choice([1, 2, 2, 2])))
                  for _ in range(self.random.randint(1, 3))]
        anchor = self.argument(["?", "?", HEADS], "f32", "input")
        self.line(f"%c0 = arith.constant 0 : index")
        self.line(f"%c1 = arith.constant 1 : index")
        self.line(f"%chunk = arith.constant {self.chunk} : index")
        self.line(f"%group = arith.constant {GROUP} : index")
        self.line(f"%n = memref.dim %{anchor.name}, %c0 : {anchor.type}")
        self.line(f"%time = memref.dim %{anchor.name}, %c1 : {anchor.type}")
        self.line(f"scf.forall (%s, %h) in (%n, {HEADS}) {{")
        self.depth += 1
        first = [self.state(shape, "f32") if self.random.random() < 0.6
                 else self.constant(shape, "f32", 0) for shape in shapes]
        self.use(*first)
        before = self.steps
        outside = list(self.values)

        carries = [Value(self.fresh("k"), s, "f32", CARRIED) for s in shapes]
        results = [Value(self.fresh("r"), s, "f32", CARRIED) for s in shapes]
        types = ", ".join(["index"] + [c.type for c in carries])
        inits = ", ".join(f"{self.fresh('b')} = {x.name}" for x in first)
        befores = [word.split(" =")[0] for word in inits.split(", ")]
        count = self.fresh("n")
        self.line(f"{count}, {', '.join(r.name for r in results)} = scf.while "
                  f"(%at = %c0, {inits}) : ({types}) -> ({types}) {{")
        self.line("  %more = arith.cmpi slt, %at, %time : index")
        self.line(f"  scf.condition(%more) %at, {', '.join(befores)} : {types}")
        self.line("} do {")
        self.line(f"^bb0(%position: index, "
                  f"{', '.join(f'{c.name}: {c.type}' for c in carries)}):")
        self.depth += 1
        self.line("%left = arith.subi %time, %position : index")
        self.line("%rows = arith.minsi %left, %chunk : index")
        self.line("%rows32 = arith.index_cast %rows : index to i32")
        if self.reverse:
            self.line("%last = arith.subi %left, %c1 : index")
        self.line("%token = arith.addi %c0, "
                  f"{'%last' if self.reverse else '%position'} : index")

        self.steps = []
        self.values = outside + carries
        visible = len(self.values)
        self.load(), self.load(), self.load()
        self.operations(self.random.randint(2, 10))
        body, outer = self.steps, list(self.values)
        grouped = []
        if self.random.random() < 0.5:
            self.steps = grouped
            self.line("scf.for %g = %c0 to %group step %c1 {")
            self.depth += 1
            self.line("%h2 = arith.muli %h, %group : index")
            self.line("%hq = arith.addi %h2, %g : index")
            self.in_group = True
            inner = len(self.values)
            self.load()
            self.operations(self.random.randint(3, 10))
            self.store_unused(inner)
            self.in_group = False
            self.depth -= 1
            self.line("}")
            # A value of the group's loop ends with it.
            self.values = outer
        after = self.steps = []
        nexts = [self.next_of(carry) for carry in carries]
        self.use(*nexts)
        self.store_unused(visible)
        self.line("%next = arith.addi %position, %rows : index")
        self.line(f"scf.yield %next, {', '.join(x.name for x in nexts)} : {types}")
        self.depth -= 1
        self.line("}")
        last = self.steps = []
        for result in results:
            self.store(result, in_loop=False)
        self.depth -= 1
        self.line("}")

        def run(env):
            self.run_steps(before, env)
            state = [env[x] for x in first]
            for start in range(0, self.time, self.chunk):
                env["position"] = start
                env.update(zip(carries, state))
                self.run_steps(body, env)
                for g in range(GROUP if grouped else 0):
                    env["group"] = g
                    self.run_steps(grouped, env)
                self.run_steps(after, env)
                state = [env[x] for x in nexts]
            env.update(zip(results, state))
            self.run_steps(last, env)
        self.evaluate = run

    def shape_of(self, argument):
        dynamic = iter((BATCH, self.time))
        return [next(dynamic) if n == "?" else n for n in argument.shape]

    def arrays(self):
        """What the kernel is called with, and what it must leave there."""
        generator = np.random.default_rng(len(self.lines))
        given = {a: generator.integers(-2, 3, self.shape_of(a)).astype(float)
                 for a in self.arguments}
        env = {a: x.copy() for a, x in given.items()}
        self.evaluate(env)
        return given, env
