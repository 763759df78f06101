// SPDX-License-Identifier: Apache-2.0
#include "core/data/world/shapes_scene.h"
#include "data_fixture.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

using namespace orrery;

namespace {

Result<ShapesScenes> world(const std::string &settings = {})
{
    ORRERY_ASSIGN(const GeneratorPath path, parseGeneratorPath("gen:shapes" + settings));
    ORRERY_ASSIGN(const ShapesSpec spec, parseShapesSpec(path));
    return ShapesScenes::create(spec);
}

/// The answer to a question, from the words of the question and the caption alone.
std::string answerFromWords(const std::string &prompt, const std::string &caption)
{
    struct Thing {
        QString colour, shape;
        int row, column;
    };
    QList<Thing> things;
    for (const QString &part : QString::fromStdString(caption).split(", ")) {
        const QStringList words = part.split(' ');
        const QString place = words.mid(2).join(' ');
        things.append({words[0], words[1],
                       place.contains("top")      ? 0
                       : place.contains("bottom") ? 2
                                                  : 1,
                       place.contains("left")    ? 0
                       : place.contains("right") ? 2
                                                 : 1});
    }
    QString question = QString::fromStdString(prompt).trimmed();
    question.chop(1);
    if (question.startsWith("how many ")) {
        QStringList words = question.mid(9).split(' ');
        QString shape = words.takeLast();
        shape = shape == "crosses" ? "cross" : shape.chopped(1);
        int count = 0;
        for (const Thing &thing : things)
            if ((words.isEmpty() || words[0] == thing.colour) && (shape == "shape" || shape == thing.shape))
                ++count;
        return std::to_string(count);
    }
    const QStringList words = question.split(' ');
    const Thing *a = nullptr;
    const Thing *b = nullptr;
    for (const Thing &thing : things) {
        if (thing.colour == words[2] && thing.shape == words[3]) a = &thing;
        if (thing.colour == words[words.size() - 2] && thing.shape == words.last()) b = &thing;
    }
    if (!a || !b) return "not there";
    const QString relation = words[4];
    const bool holds = relation == "left"    ? a->column < b->column
                       : relation == "right" ? a->column > b->column
                       : relation == "above" ? a->row < b->row
                                             : a->row > b->row;
    return holds ? "yes" : "no";
}

} // namespace

class TestShapesScenes : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aDocumentIsAFunctionOfItsNumber()
    {
        const auto a = world();
        const auto b = world();
        VERIFY_OK(a);
        (void)b->document(Split::Test, 5);
        for (uint64_t i : {0ull, 1ull, 77ull, 1ull << 40}) {
            const ShapesDocument first = a->document(Split::Train, i);
            const ShapesDocument second = b->document(Split::Train, i);
            QCOMPARE(first.prompt, second.prompt);
            QCOMPARE(first.answer, second.answer);
            QVERIFY(first.scene.objects == second.scene.objects);
            QCOMPARE(first.scene.style, second.scene.style);
        }
        const auto other = world("?seed=2");
        int same = 0;
        for (uint64_t i = 0; i < 50; ++i)
            same +=
                a->document(Split::Train, i).scene.objects == other->document(Split::Train, i).scene.objects;
        QVERIFY(same <= 2);
    }

    void noSceneIsInTwoSplits()
    {
        const auto scenes = world("?tasks=caption");
        std::map<std::string, Split> seen;
        for (Split split : {Split::Train, Split::Validation, Split::Test})
            for (uint64_t i = 0; i < 3000; ++i) {
                const std::string caption = scenes->document(split, i).answer;
                const auto [entry, isNew] = seen.emplace(caption, split);
                QVERIFY2(entry->second == split, caption.c_str());
            }
        QVERIFY(seen.size() > 8000);
    }

    void heldOutCombinationsAreOnlyTested()
    {
        const auto scenes = world();
        int numHeldOut = 0;
        for (int colour = 0; colour < 6; ++colour)
            for (int shape = 0; shape < 6; ++shape) numHeldOut += scenes->isHeldOut(colour, shape);
        QCOMPARE(numHeldOut, 6);
        auto shows = [&](const ShapesDocument &document) {
            for (const SceneObject &object : document.scene.objects)
                if (scenes->isHeldOut(object.colour, object.shape)) return true;
            return false;
        };
        std::set<int> colours;
        std::set<int> shapes;
        for (uint64_t i = 0; i < 2000; ++i) {
            QVERIFY(!shows(scenes->document(Split::Train, i)));
            QVERIFY(!shows(scenes->document(Split::Validation, i)));
            QVERIFY(shows(scenes->document(Split::Test, i)));
            for (const SceneObject &object : scenes->document(Split::Train, i).scene.objects) {
                colours.insert(object.colour);
                shapes.insert(object.shape);
            }
        }
        QCOMPARE(colours.size(), size_t(6));
        QCOMPARE(shapes.size(), size_t(6));
    }

    /// "How many red circles?", always answered with 0, would teach that there are none.
    void heldOutCombinationsAreNotAskedForInTraining()
    {
        const auto scenes = world("?tasks=count,relation");
        VERIFY_OK(scenes);
        std::vector<std::string> names;
        for (int colour = 0; colour < 6; ++colour)
            for (int shape = 0; shape < 6; ++shape)
                if (scenes->isHeldOut(colour, shape))
                    names.push_back(std::string(" ") + colourName(colour) + " " + shapeName(shape));
        auto isNamed = [&](const ShapesDocument &document) {
            return std::any_of(names.begin(), names.end(), [&](const std::string &name) {
                return document.prompt.find(name) != std::string::npos;
            });
        };
        int numTested = 0;
        std::map<std::string, int> answers;
        for (uint64_t i = 0; i < 4000; ++i) {
            for (Split split : {Split::Train, Split::Validation}) {
                const ShapesDocument document = scenes->document(split, i);
                QVERIFY2(!isNamed(document), document.prompt.c_str());
                ++answers[document.answer];
            }
            numTested += isNamed(scenes->document(Split::Test, i));
        }
        QVERIFY(numTested > 400);
        for (const char *count : {"0", "1", "2", "3"}) QVERIFY2(answers[count] > 800, count);
    }

    void everyColourAndShapeStaysInTraining_data()
    {
        QTest::addColumn<QString>("settings");
        for (const char *settings : {"?colors=2&shapes=8&held_out=5", "?colors=8&shapes=2&held_out=5",
                                     "?colors=8&shapes=8&held_out=21", "?colors=3&shapes=3&held_out=3",
                                     "?colors=2&shapes=3&held_out=2&seed=7"})
            QTest::newRow(settings) << settings;
    }
    void everyColourAndShapeStaysInTraining()
    {
        QFETCH(QString, settings);
        const auto scenes = world(settings.toStdString());
        VERIFY_OK(scenes);
        const ShapesSpec &spec = scenes->spec();
        int total = 0;
        for (int colour = 0; colour < spec.numColours; ++colour) {
            int kept = 0;
            for (int shape = 0; shape < spec.numShapes; ++shape) kept += !scenes->isHeldOut(colour, shape);
            QVERIFY(kept > 0);
            total += kept;
        }
        QCOMPARE(total, int(spec.numColours * spec.numShapes - spec.numHeldOut));
        for (int shape = 0; shape < spec.numShapes; ++shape) {
            int kept = 0;
            for (int colour = 0; colour < spec.numColours; ++colour)
                kept += !scenes->isHeldOut(colour, shape);
            QVERIFY(kept > 0);
        }
    }

    void answersAreTrue()
    {
        const auto scenes = world("?tasks=count,relation&colors=8&shapes=8");
        for (Split split : {Split::Train, Split::Test})
            for (uint64_t i = 0; i < 2000; ++i) {
                const ShapesDocument document = scenes->document(split, i);
                const std::string caption = sceneCaption(document.scene, 3);
                QVERIFY2(document.answer == answerFromWords(document.prompt, caption),
                         (caption + " | " + document.prompt + document.answer).c_str());
            }
    }

    /// Nobody may get far without looking.
    void answersAreBalanced()
    {
        const auto scenes = world("?tasks=caption,count,relation");
        std::map<std::string, int> answers;
        std::map<ShapesTask, int> tasks;
        for (uint64_t i = 0; i < 3000; ++i) {
            const ShapesDocument document = scenes->document(Split::Train, i);
            ++tasks[document.task];
            if (document.task != ShapesTask::Caption) ++answers[document.answer];
        }
        for (ShapesTask task : {ShapesTask::Caption, ShapesTask::Count, ShapesTask::Relation})
            QVERIFY2(std::abs(tasks[task] - 1000) < 120, shapesTaskName(task));
        for (const char *answer : {"0", "1", "2", "3"})
            QVERIFY2(std::abs(answers[answer] - 250) < 60, answer);
        for (const char *answer : {"yes", "no"}) QVERIFY2(std::abs(answers[answer] - 500) < 80, answer);
    }

    void captionsReadInOrder()
    {
        Scene scene;
        scene.objects = {{0, 0, 0}, {4, 2, 4}, {7, 7, 5}};
        QCOMPARE(sceneCaption(scene, 3),
                 std::string("red circle top left, blue heart middle, pink cross right"));
        QCOMPARE(sceneShapes(scene), std::string("circle, heart, cross"));
        QCOMPARE(cellName(1, 2), std::string("top right"));
        QCOMPARE(cellName(7, 3), std::string("bottom"));
        QCOMPARE(cellName(15, 4), std::string("d4"));
        const auto scenes = world("?tasks=caption&min_shapes=4");
        for (uint64_t i = 0; i < 200; ++i) {
            const auto &objects = scenes->document(Split::Train, i).scene.objects;
            QCOMPARE(objects.size(), size_t(4));
            for (size_t k = 1; k < 4; ++k) QVERIFY(objects[k - 1].cell < objects[k].cell);
        }
    }

    void noiseAndDroppingChangeNoScene()
    {
        const auto plain = world("?tasks=both");
        const auto noisy = world("?tasks=both&image_snr=-15&drop_audio=1");
        for (uint64_t i = 0; i < 50; ++i) {
            const ShapesDocument a = plain->document(Split::Test, i);
            const ShapesDocument b = noisy->document(Split::Test, i);
            QVERIFY(a.scene.objects == b.scene.objects);
            QCOMPARE(a.scene.style, b.scene.style);
            QVERIFY(a.hasAudio && !b.hasAudio && b.hasImage);
        }
    }

    void refusesATinyWorld()
    {
        VERIFY_ERROR(world("?colors=2&shapes=2&cells=2&min_shapes=1&max_shapes=1&held_out=0&tasks=caption"),
                     ErrorCode::InvalidInput, "one of its splits has");
        VERIFY_OK(world("?colors=2&shapes=2&cells=2&held_out=1"));
    }
};

QTEST_APPLESS_MAIN(TestShapesScenes)
#include "tst_shapes_scenes.moc"
