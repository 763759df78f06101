// SPDX-License-Identifier: Apache-2.0
#include "core/data/world/shapes_spec.h"
#include "data_fixture.h"

using namespace orrery;

namespace {

Result<ShapesSpec> parse(const std::string &text)
{
    ORRERY_ASSIGN(const GeneratorPath path, parseGeneratorPath(text));
    return parseShapesSpec(path);
}

} // namespace

class TestShapesSpec : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void knowsGenerators()
    {
        QVERIFY(isGeneratorPath("gen:shapes"));
        QVERIFY(!isGeneratorPath("/gen:shapes"));
        QVERIFY(!isGeneratorPath("generate"));
    }

    void readsSettings()
    {
        const auto plain = parse("gen:shapes");
        VERIFY_OK(plain);
        QVERIFY(*plain == ShapesSpec());
        const auto set = parse("gen:shapes?n=5&size=32&tasks=both,caption&seed=9&audio_snr=-15&held_out=0");
        VERIFY_OK(set);
        QCOMPARE(set->numTrain, int64_t(5));
        QCOMPARE(set->size, int64_t(32));
        QCOMPARE(set->tasks, (std::vector<ShapesTask>{ShapesTask::Both, ShapesTask::Caption}));
        QCOMPARE(set->seed, int64_t(9));
        QCOMPARE(set->audioDecibels, int64_t(-15));
        QCOMPARE(set->numHeldOut, int64_t(0));
        QCOMPARE(set->numVal, int64_t(1000));
        // A small world holds less out unless told how much.
        QCOMPARE(parse("gen:shapes?colors=3&shapes=4")->numHeldOut, int64_t(2));
    }

    void theTextNamesEverySetting()
    {
        const auto spec = parse("gen:shapes?n=5&colors=3&tasks=tones&min_shapes=1&image_snr=3&drop_audio=1");
        VERIFY_OK(spec);
        const auto again = parse(shapesSpecText(*spec));
        VERIFY_OK(again);
        QVERIFY(*again == *spec);
        QVERIFY(shapesSpecText(*spec) != shapesSpecText(ShapesSpec()));
    }

    void refuses_data()
    {
        QTest::addColumn<QString>("path");
        QTest::addColumn<QString>("names");
        QTest::addColumn<QString>("hint");
        auto add = [](const char *path, const char *names, const char *hint) {
            QTest::newRow(path) << path << names << hint;
        };
        add("gen:shape", "\"gen:shape\": there is no such generator, expected shapes",
            "Did you mean gen:shapes?");
        add("gen:", "there is no such generator", "gen:shapes");
        add("gen:shapes?n", "found \"n\", expected key=value", "&");
        add("gen:shapes?=3", "found \"=3\"", "&");
        add("gen:shapes?n=1&&size=32", "found \"\"", "&");
        add("gen:shapes?n=1&n=2", "n is given twice", "Remove");
        add("gen:shapes?sise=32", "it has no setting \"sise\"", "Did you mean size?");
        add("gen:shapes?task=count", "it has no setting \"task\"", "Did you mean tasks?");
        add("gen:shapes?qqqqqqqq=1", "it has no setting", "Remove it.");
        add("gen:shapes?n=0", "n is \"0\", expected a whole number from 1 to 1000000000", "default is 20000");
        add("gen:shapes?n=", "n is \"\"", "default");
        add("gen:shapes?n=1e3", "n is \"1e3\"", "default");
        add("gen:shapes?n=99999999999999999999", "n is \"99999999999999999999\"", "default");
        add("gen:shapes?size=15", "size is \"15\", expected a whole number from 16 to 256", "48");
        add("gen:shapes?cells=5", "cells is \"5\"", "3");
        add("gen:shapes?seed=-1", "seed is \"-1\"", "1");
        add("gen:shapes?image_snr=101", "image_snr is \"101\"", "100");
        add("gen:shapes?tasks=", "tasks names \"\"", "caption");
        add("gen:shapes?tasks=count,", "tasks names \"\"", "caption");
        add("gen:shapes?tasks=counts", "tasks names \"counts\"", "Did you mean count?");
        add("gen:shapes?tasks=count,count", "tasks names count twice", "Remove");
        add("gen:shapes?min_shapes=5", "min_shapes is 5, expected at most max_shapes, 4", "Lower");
        add("gen:shapes?cells=2&max_shapes=5", "max_shapes is 5, expected at most 4", "Lower");
        add("gen:shapes?held_out=13", "held_out is 13, expected at most 12", "Lower");
        add("gen:shapes?min_shapes=1&max_shapes=1", "tasks names relation and max_shapes is 1", "Raise");
    }
    void refuses()
    {
        QFETCH(QString, path);
        QFETCH(QString, names);
        QFETCH(QString, hint);
        const auto spec = parse(path.toStdString());
        VERIFY_ERROR(spec, ErrorCode::InvalidInput, names.toStdString());
        QVERIFY2(spec.error().hint.find(hint.toStdString()) != std::string::npos, spec.error().hint.c_str());
    }

    void refusesALongPath()
    {
        VERIFY_ERROR(parse("gen:shapes?" + std::string(5000, 'a')), ErrorCode::InvalidInput, "5011 bytes");
        VERIFY_ERROR(parse("gen:shapes?\x1b[31m=1"), ErrorCode::InvalidInput, "\"?[31m\"");
    }
};

QTEST_APPLESS_MAIN(TestShapesSpec)
#include "tst_shapes_spec.moc"
