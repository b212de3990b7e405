// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.files;

import io.zerofs.storage.files.DiskFault.Kind;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessMode;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.spi.FileSystemProvider;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Forwards the calls of files to the default file system, as far as the {@link FaultyDisk} permits. */
final class FaultyProvider extends FileSystemProvider {
    private static final FileSystemProvider REAL = FileSystems.getDefault().provider();

    private final FaultyDisk disk;
    private final FaultyFileSystem files;

    FaultyProvider(FaultyDisk disk, FaultyFileSystem files) {
        this.disk = disk;
        this.files = files;
    }

    FaultyDisk disk() {
        return disk;
    }

    private static Path real(Path path) {
        return FaultyPath.real(path);
    }

    @Override
    public String getScheme() {
        return "faulty";
    }

    @Override
    public FileSystem newFileSystem(URI uri, Map<String, ?> environment) {
        throw new UnsupportedOperationException();
    }

    @Override
    public FileSystem getFileSystem(URI uri) {
        return files;
    }

    @Override
    public Path getPath(URI uri) {
        throw new UnsupportedOperationException();
    }

    @Override
    public SeekableByteChannel newByteChannel(
            Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes) throws IOException {
        return newFileChannel(path, options, attributes);
    }

    @Override
    public FileChannel newFileChannel(Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
            throws IOException {
        Path file = real(path);
        boolean creates =
                (options.contains(StandardOpenOption.CREATE) || options.contains(StandardOpenOption.CREATE_NEW))
                        && !Files.exists(file, LinkOption.NOFOLLOW_LINKS);
        return disk.call(creates ? Kind.CREATE : Kind.OPEN, file, () -> {
            FileChannel inner = REAL.newFileChannel(file, options, attributes);
            disk.opened(1);
            return new FaultyChannel(disk, file, inner, disk.content().opened(file));
        });
    }

    @Override
    public DirectoryStream<Path> newDirectoryStream(Path directory, DirectoryStream.Filter<? super Path> filter)
            throws IOException {
        Path real = real(directory);
        List<Path> entries = disk.call(Kind.LIST, real, () -> {
            List<Path> found = new ArrayList<>();
            try (DirectoryStream<Path> stream = REAL.newDirectoryStream(real, entry -> true)) {
                stream.forEach(entry -> found.add(new FaultyPath(files, entry)));
            }
            disk.order(found);
            return found;
        });
        entries.removeIf(entry -> !accepts(filter, entry));
        return new DirectoryStream<>() {
            @Override
            public Iterator<Path> iterator() {
                try {
                    return disk.call(Kind.LIST, real, entries::iterator);
                } catch (IOException e) {
                    return failing(e);
                }
            }

            @Override
            public void close() {
                // The real one is closed already.
            }
        };
    }

    private static boolean accepts(DirectoryStream.Filter<? super Path> filter, Path entry) {
        try {
            return filter.accept(entry);
        } catch (IOException e) {
            throw new DirectoryIteratorException(e);
        }
    }

    private static Iterator<Path> failing(IOException why) {
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                throw new DirectoryIteratorException(why);
            }

            @Override
            public Path next() {
                throw new DirectoryIteratorException(why);
            }
        };
    }

    @Override
    public void createDirectory(Path directory, FileAttribute<?>... attributes) throws IOException {
        Path real = real(directory);
        disk.call(Kind.MAKE_DIRECTORY, real, () -> {
            REAL.createDirectory(real, attributes);
            disk.content().madeDirectory(real);
            return null;
        });
    }

    @Override
    public void createLink(Path link, Path existing) throws IOException {
        Path real = real(link);
        disk.call(Kind.LINK, real, () -> {
            REAL.createLink(real, real(existing));
            disk.content().linked(real(existing), real);
            return null;
        });
    }

    @Override
    public void delete(Path path) throws IOException {
        Path real = real(path);
        disk.call(Kind.DELETE, real, () -> {
            disk.content().keepContent(real);
            REAL.delete(real);
            disk.content().removed(real);
            return null;
        });
    }

    @Override
    public void copy(Path source, Path target, CopyOption... options) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void move(Path source, Path target, CopyOption... options) throws IOException {
        Path from = real(source);
        Path to = real(target);
        disk.call(Kind.MOVE, to, () -> {
            if (Files.isDirectory(from)) {
                throw new UnsupportedOperationException("moves of directories are not modelled");
            }
            disk.content().keepContent(to);
            REAL.move(from, to, options);
            disk.content().moved(from, to);
            return null;
        });
    }

    @Override
    public boolean isSameFile(Path path, Path other) throws IOException {
        return REAL.isSameFile(real(path), real(other));
    }

    @Override
    public boolean isHidden(Path path) throws IOException {
        return REAL.isHidden(real(path));
    }

    @Override
    public FileStore getFileStore(Path path) throws IOException {
        return disk.call(Kind.SPACE, real(path), () -> REAL.getFileStore(real(path)));
    }

    @Override
    public void checkAccess(Path path, AccessMode... modes) throws IOException {
        disk.call(Kind.READ_ATTRIBUTES, real(path), () -> {
            REAL.checkAccess(real(path), modes);
            return null;
        });
    }

    /** Each method of the view is a call. */
    @Override
    public <V extends FileAttributeView> V getFileAttributeView(Path path, Class<V> type, LinkOption... options) {
        V view = REAL.getFileAttributeView(real(path), type, options);
        Object counted = Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (self, method, args) -> {
            Kind kind = method.getName().startsWith("set") ? Kind.SET_ATTRIBUTES : Kind.READ_ATTRIBUTES;
            return disk.call(kind, real(path), () -> {
                try {
                    return method.invoke(view, args);
                } catch (InvocationTargetException e) {
                    throw (IOException) e.getCause();
                } catch (IllegalAccessException e) {
                    throw new AssertionError(e);
                }
            });
        });
        return type.cast(counted);
    }

    @Override
    public <A extends BasicFileAttributes> A readAttributes(Path path, Class<A> type, LinkOption... options)
            throws IOException {
        return disk.call(Kind.READ_ATTRIBUTES, real(path), () -> REAL.readAttributes(real(path), type, options));
    }

    @Override
    public Map<String, Object> readAttributes(Path path, String attributes, LinkOption... options) throws IOException {
        return disk.call(Kind.READ_ATTRIBUTES, real(path), () -> REAL.readAttributes(real(path), attributes, options));
    }

    @Override
    public void setAttribute(Path path, String attribute, Object value, LinkOption... options) throws IOException {
        disk.call(Kind.SET_ATTRIBUTES, real(path), () -> {
            REAL.setAttribute(real(path), attribute, value, options);
            return null;
        });
    }
}
