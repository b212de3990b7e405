// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.load;

import io.netty.buffer.ByteBuf;
import io.zerofs.server.client.Nfs3Client;
import io.zerofs.server.nfs3.wire.Nfs3Call;
import io.zerofs.server.nfs3.wire.Nfs3Result;
import io.zerofs.server.nfs3.wire.Nfs3Status;
import io.zerofs.server.nfs3.wire.StableHow;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Writes and reads data whose every byte is known, over NFS, and damages the files in which a store keeps its objects.
 *
 * <pre>
 * RotLoad write PORT FILES MIB                  writes files of so many MiB, and commits them
 * RotLoad read PORT FILES MIB                   reads all of them, and prints the number of right and of refused pieces
 * RotLoad damage DIRECTORY KEPT SEED PLACES WAYS   damages places, keeps sound copies, and prints the objects' names
 * RotLoad restore KEPT                          puts the sound copies back
 * </pre>
 *
 * A wrong byte ends {@code read} with an error. WAYS is {@code bytes} or {@code all}: then one object is cut, one deleted,
 * and two are swapped, too. One thread.
 */
final class RotLoad {
    private static final int PIECE = 32 << 10;
    private static final int MIB = 1 << 20;
    private static final int RANGE_BYTES_MAX = 64;
    private static final int OBJECT_BYTES_MIN = 512;
    private static final Pattern S3MOCK_KEY = Pattern.compile("\"key\"\\s*:\\s*\"([^\"]+)\"");

    private RotLoad() {}

    public static void main(String[] args) throws IOException {
        switch (args[0]) {
            case "write" -> write(Integer.parseInt(args[1]), Integer.parseInt(args[2]), Integer.parseInt(args[3]));
            case "read" -> read(Integer.parseInt(args[1]), Integer.parseInt(args[2]), Integer.parseInt(args[3]));
            case "damage" ->
                new Damage(Path.of(args[1]), Path.of(args[2]), Long.parseLong(args[3]))
                        .run(Integer.parseInt(args[4]), args[5].equals("all"));
            case "restore" -> Damage.restore(Path.of(args[1]));
            default -> throw new IllegalArgumentException(args[0]);
        }
    }

    /** Returns a piece of a file; every fourth one compresses. */
    private static byte[] piece(int file, int number) {
        byte[] bytes = new byte[PIECE];
        SplittableRandom random = new SplittableRandom((long) file << 32 | number);
        if (number % 4 == 0) {
            Arrays.fill(bytes, (byte) random.nextInt());
            ByteBuffer.wrap(bytes).putInt(file).putInt(number);
        } else {
            random.nextBytes(bytes);
        }
        return bytes;
    }

    private static void write(int port, int files, int mebibytes) throws IOException {
        try (Nfs3Client client = Nfs3Client.connect(port)) {
            byte[] root = client.mount("/");
            for (int file = 0; file < files; file++) {
                byte[] handle = client.create(root, "rot" + file);
                for (int number = 0; number < mebibytes * (MIB / PIECE); number++) {
                    client.write(handle, (long) number * PIECE, piece(file, number), StableHow.UNSTABLE);
                }
                client.commit(handle);
            }
        }
    }

    private static void read(int port, int files, int mebibytes) throws IOException {
        long right = 0;
        long refused = 0;
        try (Nfs3Client client = Nfs3Client.connect(port)) {
            byte[] root = client.mount("/");
            for (int file = 0; file < files; file++) {
                byte[] handle = client.lookup(root, "rot" + file).object();
                for (int number = 0; number < mebibytes * (MIB / PIECE); number++) {
                    Nfs3Result result = client.call(new Nfs3Call.Read(handle, (long) number * PIECE, PIECE));
                    if (result instanceof Nfs3Result.ReadOk ok) {
                        requireEqual(ok.payload(), file, number);
                        right++;
                    } else if (result.status() == Nfs3Status.IO) {
                        refused++;
                    } else {
                        throw new IOException("file " + file + ", piece " + number + ": " + result.status());
                    }
                }
            }
        }
        System.out.println(right + " " + refused);
    }

    private static void requireEqual(ByteBuf found, int file, int number) throws IOException {
        byte[] bytes = new byte[found.readableBytes()];
        found.readBytes(bytes);
        int at = Arrays.mismatch(piece(file, number), bytes);
        if (at >= 0) {
            throw new IOException("wrong byte " + at + " of file " + file + ", piece " + number);
        }
    }

    /** One round of damage. */
    private static final class Damage {
        private final Path directory;
        private final Path kept;
        private final SplittableRandom random;
        private final List<Path> objects;
        private final TreeSet<String> names = new TreeSet<>();

        Damage(Path directory, Path kept, long seed) throws IOException {
            this.directory = directory;
            this.kept = kept;
            this.random = new SplittableRandom(seed);
            Files.createDirectories(kept);
            try (Stream<Path> files = Files.walk(directory)) {
                objects = files.filter(Damage::isObject).sorted().toList();
            }
        }

        private static boolean isObject(Path file) {
            String name = file.getFileName().toString();
            return Files.isRegularFile(file)
                    && file.toFile().length() >= OBJECT_BYTES_MIN
                    && !name.endsWith(".json")
                    && !name.endsWith(".tmp");
        }

        void run(int places, boolean objectsToo) throws IOException {
            for (int i = 0; i < places; i++) {
                damageBytes(byBytes());
            }
            if (objectsToo) {
                Path cut = byBytes();
                keep(cut);
                try (RandomAccessFile file = new RandomAccessFile(cut.toFile(), "rw")) {
                    file.setLength(random.nextLong(file.length()));
                }
                Path gone = byBytes();
                keep(gone);
                Files.delete(gone);
                swap(byBytes(), byBytes());
            }
            names.forEach(System.out::println);
        }

        /** Returns a random object, larger ones more often. */
        private Path byBytes() {
            List<Path> there = objects.stream().filter(Files::exists).toList();
            long at = random.nextLong(
                    there.stream().mapToLong(path -> path.toFile().length()).sum());
            for (Path object : there) {
                at -= object.toFile().length();
                if (at < 0) {
                    return object;
                }
            }
            throw new IllegalStateException("the store is empty");
        }

        /** Flips a bit, overwrites some bytes, or copies a range from elsewhere in the object. */
        private void damageBytes(Path object) throws IOException {
            keep(object);
            try (RandomAccessFile file = new RandomAccessFile(object.toFile(), "rw")) {
                int length = (int) Math.min(file.length(), 1 + random.nextInt(RANGE_BYTES_MAX));
                long at = random.nextLong(file.length() - length + 1);
                byte[] bytes = new byte[length];
                int way = random.nextInt(3);
                file.seek(way == 2 ? random.nextLong(file.length() - length + 1) : at);
                file.readFully(bytes);
                if (way == 0) {
                    bytes[random.nextInt(length)] ^= (byte) (1 << random.nextInt(8));
                } else if (way == 1) {
                    random.nextBytes(bytes);
                }
                file.seek(at);
                file.write(bytes);
            }
        }

        private void swap(Path one, Path other) throws IOException {
            keep(one);
            keep(other);
            byte[] bytes = Files.readAllBytes(one);
            Files.write(one, Files.readAllBytes(other));
            Files.write(other, bytes);
        }

        /** Copies an object that was sound so far. The name of the copy is its path. */
        private void keep(Path object) throws IOException {
            Path copy = kept.resolve(object.toAbsolutePath().toString().substring(1));
            if (!Files.exists(copy)) {
                Files.createDirectories(copy.getParent());
                Files.copy(object, copy);
                names.add(nameOf(object));
            }
        }

        /** S3Mock keeps the name beside the bytes. */
        private String nameOf(Path object) throws IOException {
            Path metadata = object.resolveSibling("objectMetadata.json");
            if (Files.exists(metadata)) {
                Matcher key = S3MOCK_KEY.matcher(Files.readString(metadata));
                if (key.find()) {
                    return key.group(1);
                }
            }
            return directory.relativize(object).toString();
        }

        static void restore(Path kept) throws IOException {
            try (Stream<Path> copies = Files.walk(kept)) {
                for (Path copy : copies.filter(Files::isRegularFile).toList()) {
                    Path object = Path.of("/").resolve(kept.relativize(copy));
                    Files.copy(copy, object, StandardCopyOption.REPLACE_EXISTING);
                    Files.delete(copy);
                }
            }
        }
    }
}
