// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.tomlj.Toml;

/**
 * One key of the configuration, as a record component declares it.
 *
 * @param name as written in the file
 * @param type of the value; the element's type for a list
 * @param optional whether it may be absent without having a default
 * @param byDefault its default as written in TOML; empty if it has none
 */
record Key(String name, Class<?> type, boolean list, boolean optional, Setting setting, String byDefault) {

    private static final Pattern WORD = Pattern.compile("\"[A-Za-z0-9/._-]*\"");
    private static final Pattern WHOLE = Pattern.compile("0|[1-9][0-9]{0,9}");
    private static final Pattern DECIMAL = Pattern.compile("(0|[1-9][0-9]{0,9})\\.[0-9]{1,9}");

    /** Returns the keys of a section in the order of the components, with the keys of inlined records in their place. */
    static List<Key> of(Class<? extends Record> type) {
        return keys(type, Map.of()).toList();
    }

    private static Stream<Key> keys(Class<? extends Record> type, Map<String, Object> defaults) {
        return Arrays.stream(type.getRecordComponents()).flatMap(component -> {
            Inlined inlined = component.getAnnotation(Inlined.class);
            return inlined == null
                    ? Stream.of(of(component, defaults))
                    : keys(
                            component.getType().asSubclass(Record.class),
                            Toml.parse(inlined.value()).toMap());
        });
    }

    private static Key of(RecordComponent component, Map<String, Object> defaults) {
        Type type = component.getGenericType();
        boolean optional = component.getType() == Optional.class;
        if (optional) {
            type = argument(type);
        }
        boolean list = type instanceof ParameterizedType;
        Class<?> raw = (Class<?>) (list ? argument(type) : type);
        String name = snakeCase(component.getName());
        Setting setting = component.getAnnotation(Setting.class);
        String byDefault = defaults.containsKey(name) ? defaults.get(name).toString() : setting.byDefault();
        return new Key(name, raw, list, optional, setting, byDefault);
    }

    private static Type argument(Type type) {
        return ((ParameterizedType) type).getActualTypeArguments()[0];
    }

    private static String snakeCase(String camelCase) {
        return camelCase.replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
    }

    /** Returns whether the key is a section: a record whose components are settings. */
    boolean isSection() {
        return type.isRecord()
                && (type.getRecordComponents()[0].isAnnotationPresent(Setting.class)
                        || type.getRecordComponents()[0].isAnnotationPresent(Inlined.class));
    }

    Class<? extends Record> sectionType() {
        return type.asSubclass(Record.class);
    }

    /** Returns the default in the form that the TOML parser returns. Only uncommon forms are worth the parser's time. */
    Optional<Object> defaultValue() {
        if (byDefault.isEmpty()) {
            return Optional.empty();
        }
        if (WORD.matcher(byDefault).matches()) {
            return Optional.of(byDefault.substring(1, byDefault.length() - 1));
        }
        if (WHOLE.matcher(byDefault).matches()) {
            return Optional.of(Long.valueOf(byDefault));
        }
        if (DECIMAL.matcher(byDefault).matches()) {
            return Optional.of(Double.valueOf(byDefault));
        }
        if (byDefault.equals("true") || byDefault.equals("false")) {
            return Optional.of(Boolean.valueOf(byDefault));
        }
        return Optional.of(Toml.parse("x=" + byDefault).get(List.of("x")));
    }
}
