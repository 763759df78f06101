// SPDX-License-Identifier: Apache-2.0
#include "tests/base/check_result.h"

#include "core/spec/field_table.h"

#include <algorithm>
#include <nlohmann/json.hpp>

using namespace orrery;
using Json = nlohmann::json;

class TestSpecSchema : public QObject {
    Q_OBJECT

    Json m_schema = Json::parse(specJsonSchema());

    const Json &schemaOf(const std::string &key)
    {
        const size_t dot = key.find('.');
        const Json &top = m_schema["properties"];
        return dot == std::string::npos ? top.at(key)
                                        : top.at(key.substr(0, dot))["properties"].at(key.substr(dot + 1));
    }

private Q_SLOTS:
    void describesEveryField()
    {
        for (const Field &field : specFields()) {
            const Json &schema = schemaOf(field.key);
            QCOMPARE(qtext(schema["description"].get<std::string>()), qtext(field.effect));
            QVERIFY(schema.contains("type") && schema.contains("default"));
        }
        QCOMPARE(m_schema["additionalProperties"].get<bool>(), false);
        QCOMPARE(m_schema["properties"]["model"]["additionalProperties"].get<bool>(), false);
    }
    // Types, bounds and choices of the schema against the spec that the program writes.
    void acceptsTheDefaults()
    {
        const Json spec = Json::parse(specToJson(RunSpec{}));
        for (const Field &field : specFields()) {
            const Json &schema = schemaOf(field.key);
            const Json &value =
                spec.at(Json::json_pointer("/" + QString(qtext(field.key)).replace('.', '/').toStdString()));
            const std::string type = schema["type"].get<std::string>();
            QVERIFY2(type == value.type_name() ||
                         (value.is_number() && (type == "integer" || type == "number")),
                     field.key.c_str());
            if (schema.contains("enum"))
                QVERIFY2(std::find(schema["enum"].begin(), schema["enum"].end(), value) !=
                             schema["enum"].end(),
                         field.key.c_str());
            if (schema.contains("minimum")) QVERIFY(value >= schema["minimum"]);
            if (schema.contains("exclusiveMinimum")) QVERIFY(value > schema["exclusiveMinimum"]);
            if (schema.contains("maximum")) QVERIFY(value <= schema["maximum"]);
            QVERIFY(schema["default"] == value);
        }
    }
    void statesBoundsAsTheTableDoes()
    {
        QVERIFY(schemaOf("model.layers")["minimum"] == 1 && schemaOf("model.layers")["maximum"] == 256);
        QVERIFY(schemaOf("optimizer.lr")["exclusiveMinimum"] == 0.0);
        QVERIFY(schemaOf("model.dropout")["exclusiveMaximum"] == 1.0);
        QVERIFY(schemaOf("optimizer.betas")["minItems"] == 2 &&
                schemaOf("optimizer.betas")["items"]["type"] == "number");
        QVERIFY(schemaOf("train.steps")["x-unit"] == "steps");
        QVERIFY(schemaOf("optimizer.clip")["x-change"] == "while running");
    }
};

QTEST_GUILESS_MAIN(TestSpecSchema)
#include "tst_spec_schema.moc"
