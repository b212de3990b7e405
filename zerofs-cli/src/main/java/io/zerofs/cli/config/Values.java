// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import io.zerofs.core.secret.Secret;
import io.zerofs.server.net.AddressRange;
import io.zerofs.server.net.ListenAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.tomlj.TomlArray;
import org.tomlj.TomlTable;

/** Converts values of the TOML parser to the type of a key. Messages name the fault, never a secret. */
final class Values {
    private static final Map<Class<?>, Function<String, Object>> FROM_TEXT = Map.of(
            String.class, Values::text,
            Path.class, Values::path,
            URI.class, Values::endpoint,
            ListenAddress.Tcp.class, ListenAddress::tcp,
            AddressRange.class, AddressRange::parse,
            StoreLocation.class, StoreLocation::parse);

    private final Substitution substitution;

    Values(Substitution substitution) {
        this.substitution = substitution;
    }

    /** @throws IllegalArgumentException with a message that fits after the name of the key */
    Object convert(Key key, Object found) {
        if (key.list()) {
            return list(key, expect(TomlArray.class, found, "a list"));
        }
        return single(key, found);
    }

    private List<Object> list(Key key, TomlArray array) {
        List<Object> elements = new ArrayList<>(array.size());
        for (int i = 0; i < array.size(); i++) {
            elements.add(single(key, array.get(i)));
        }
        return List.copyOf(elements);
    }

    private Object single(Key key, Object found) {
        Class<?> type = key.type();
        if (type == boolean.class || type == Boolean.class) {
            return bool(found);
        }
        if (type == int.class) {
            return (int) inRange(key, expect(Long.class, found, "a whole number"));
        }
        if (type == Long.class) {
            return (long) inRange(key, expect(Long.class, found, "a whole number"));
        }
        if (type == double.class || type == Double.class) {
            return inRange(key, expect(Number.class, found, "a number").doubleValue());
        }
        if (type == OffsetDateTime.class) {
            return expect(OffsetDateTime.class, found, "a time like 2026-12-31T12:00:00Z, without quotes");
        }
        String written = expect(String.class, found, "a string");
        if (type == Secret.class) {
            return secret(substitution.expandSecret(written));
        }
        String text = substitution.expand(written);
        return type.isEnum() ? constant(type, text) : FROM_TEXT.get(type).apply(text);
    }

    /** The original program wants its switches as strings, {@code allow_http = "true"}; both forms are understood. */
    private Object bool(Object found) {
        if (found instanceof String text) {
            return switch (substitution.expand(text)) {
                case "true" -> true;
                case "false" -> false;
                default -> throw new IllegalArgumentException("must be true or false");
            };
        }
        return expect(Boolean.class, found, "true or false");
    }

    private static double inRange(Key key, double number) {
        double min = key.setting().min();
        double max = key.setting().max();
        if (!(number >= min && number <= max)) {
            throw new IllegalArgumentException(plain(number) + " is not between " + plain(min) + " and " + plain(max));
        }
        return number;
    }

    /** Returns a number as a person writes it. */
    static String plain(double number) {
        return number == Math.rint(number) && Math.abs(number) < 1e15
                ? Long.toString((long) number)
                : Double.toString(number);
    }

    private static Object constant(Class<?> type, String text) {
        List<String> names = Arrays.stream(type.getEnumConstants())
                .map(constant -> ((Enum<?>) constant).name().toLowerCase(Locale.ROOT))
                .toList();
        int index = names.indexOf(text);
        if (index < 0 && type == FilesystemConfig.Codec.class && text.startsWith("zstd")) {
            throw new IllegalArgumentException("\"" + text + "\" is not available; write \"lz4\"");
        }
        if (index < 0) {
            throw new IllegalArgumentException("\"" + text + "\" is not one of " + String.join(", ", names));
        }
        return type.getEnumConstants()[index];
    }

    /** Requires a value: an empty environment variable is a mistake. */
    private static String text(String text) {
        if (text.isBlank()) {
            throw new IllegalArgumentException("must not be empty");
        }
        return text;
    }

    private static Secret secret(byte[] bytes) {
        if (bytes.length == 0) {
            throw new IllegalArgumentException("must not be empty");
        }
        return Secret.owning(bytes);
    }

    static Path path(String text) {
        if (text.equals("~") || text.startsWith("~/")) {
            throw new IllegalArgumentException("\"~\" is not replaced; write \"${HOME}" + text.substring(1) + "\"");
        }
        try {
            return Path.of(text(text));
        } catch (InvalidPathException e) {
            boolean ascii = StandardCharsets.US_ASCII.newEncoder().canEncode(text);
            throw new IllegalArgumentException(
                    ascii
                            ? "not a path: " + e.getReason()
                            : "this locale does not have the characters of the path; set LC_ALL=C.UTF-8",
                    e);
        }
    }

    private static URI endpoint(String text) {
        try {
            URI uri = new URI(text);
            StoreLocation.requireNoCredentials(uri.getRawAuthority());
            if (uri.getHost() != null && ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))) {
                return uri;
            }
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException("\"" + text + "\" is not a URL: " + e.getReason(), e);
        }
        throw new IllegalArgumentException("\"" + text + "\" is not a URL; expected https://host[:port]");
    }

    private static <T> T expect(Class<T> type, Object found, String wanted) {
        if (type.isInstance(found)) {
            return type.cast(found);
        }
        throw new IllegalArgumentException("must be " + wanted + ", not " + nounFor(found));
    }

    private static String nounFor(Object found) {
        if (found instanceof String) {
            return "a string";
        }
        if (found instanceof Boolean) {
            return "true or false";
        }
        if (found instanceof Number) {
            return "a number";
        }
        if (found instanceof TomlArray) {
            return "a list";
        }
        return found instanceof TomlTable ? "a section" : "a date or time";
    }
}
