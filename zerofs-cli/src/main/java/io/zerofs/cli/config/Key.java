// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.tomlj.Toml;

/**
 * One key of the configuration, as a record component declares it.
 *
 * @param name as written in the file
 * @param type of the value; the element's type for a list
 * @param optional whether it may be absent without having a default
 */
record Key(String name, Class<?> type, boolean list, boolean optional, Setting setting) {

    static List<Key> of(Class<? extends Record> type) {
        return Arrays.stream(type.getRecordComponents()).map(Key::of).toList();
    }

    private static Key of(RecordComponent component) {
        Type type = component.getGenericType();
        boolean optional = component.getType() == Optional.class;
        if (optional) {
            type = argument(type);
        }
        boolean list = type instanceof ParameterizedType;
        Class<?> raw = (Class<?>) (list ? argument(type) : type);
        return new Key(snakeCase(component.getName()), raw, list, optional, component.getAnnotation(Setting.class));
    }

    private static Type argument(Type type) {
        return ((ParameterizedType) type).getActualTypeArguments()[0];
    }

    private static String snakeCase(String camelCase) {
        return camelCase.replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
    }

    /** Whether it is a section with keys of its own: those are the records whose components are settings. */
    boolean isSection() {
        return type.isRecord() && type.getRecordComponents()[0].isAnnotationPresent(Setting.class);
    }

    Class<? extends Record> sectionType() {
        return type.asSubclass(Record.class);
    }

    /** The default as the TOML parser would have delivered it. */
    Optional<Object> defaultValue() {
        return setting.byDefault().isEmpty()
                ? Optional.empty()
                : Optional.of(Toml.parse("x=" + setting.byDefault()).get(List.of("x")));
    }
}
