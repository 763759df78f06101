// SPDX-License-Identifier: Apache-2.0
// Properties over many random specs and broken documents. Seeds are fixed, so a failure repeats.
#include "tests/base/check_result.h"

#include "core/base/counter_rng.h"
#include "core/base/files.h"
#include "core/spec/estimate.h"
#include "core/spec/field_table.h"
#include "core/spec/schedule.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

using namespace orrery;

namespace {

/// A stream of choices that is a function of its seed.
class Dice {
public:
    explicit Dice(uint64_t seed) : m_rng({seed, 0, 0, 0, RngPurpose::Sampling}) {}
    uint64_t below(uint64_t bound) { return m_rng.below(m_next++, bound); }
    double uniform() { return m_rng.uniformDouble(m_next++); }
    template <typename List> const auto &pick(const List &list) { return list[below(list.size())]; }

private:
    CounterRng m_rng;
    uint64_t m_next = 0;
};

std::string randomText(Dice &dice, bool oneLine)
{
    static const std::vector<std::string> pieces = {"a", "Z", " ", "ä", "😀", "\"", "\\",
                                                    "'", "$", "{", "[", ",", "/",  "\n"};
    std::string text;
    for (uint64_t n = dice.below(8); n > 0; --n) text += dice.pick(pieces);
    if (oneLine) std::replace(text.begin(), text.end(), '\n', ' ');
    return text;
}

double randomReal(Dice &dice, const Field &field)
{
    // Log-uniform over the positive part of the range, and sometimes a bound.
    const double low = std::max(field.minimum, 1e-9);
    double value = low * std::pow(field.maximum / low, dice.uniform());
    if (dice.below(6) == 0 && !field.minimumExclusive) value = field.minimum;
    if (dice.below(6) == 0 && !field.maximumExclusive) value = field.maximum;
    return std::min(value, field.maximumExclusive ? std::nextafter(field.maximum, 0.0) : field.maximum);
}

/// Any value that is good for its field alone.
FieldValue randomValue(Dice &dice, const Field &field)
{
    switch (field.type) {
    case FieldType::Bool:
        return dice.below(2) == 0;
    case FieldType::Integer: {
        const auto low = static_cast<int64_t>(field.minimum);
        const auto span = static_cast<uint64_t>(field.maximum - field.minimum) + 1;
        return low + static_cast<int64_t>(dice.below(dice.below(2) ? span : std::min<uint64_t>(span, 300)));
    }
    case FieldType::Real:
        return randomReal(dice, field);
    case FieldType::Choice:
        return dice.pick(field.choices);
    case FieldType::RealList: {
        std::vector<double> list;
        for (size_t i = 0; i < field.listSize; ++i) list.push_back(randomReal(dice, field));
        return list;
    }
    case FieldType::TextList: {
        std::vector<std::string> list;
        for (uint64_t n = dice.below(4); n > 0; --n) list.push_back(randomText(dice, false));
        return list;
    }
    default:
        return randomText(dice, true);
    }
}

/// A spec that keeps every rule: fields that contradict others go back to values that cannot.
RunSpec randomSpec(uint64_t seed)
{
    Dice dice(seed);
    RunSpec spec;
    applyPreset(spec, dice.pick(presetNames()));
    for (const Field &field : specFields())
        if (dice.below(3) != 0) field.set(spec, randomValue(dice, field));
    spec.model.heads = int64_t{1} << dice.below(6);
    spec.model.width = spec.model.heads * 2 * static_cast<int64_t>(dice.below(64) + 4);
    for (int turn = 0; turn < 5; ++turn) {
        for (const FieldProblem &problem : findProblems(spec)) {
            if (problem.key == "data.path")
                spec.data.path = "/text";
            else if (problem.key == "data.special_tokens")
                spec.data.specialTokens = "default";
            else if (problem.key == "model.context") {
                spec.model.context = 128;
                spec.model.media = MediaSpec{};
            } else if (problem.key == "train.steps")
                spec.continual.stages.clear();
            else if (problem.key.starts_with("media."))
                spec.model.media = MediaSpec{};
            else if (problem.key.starts_with("model.rope_"))
                spec.model.ropeScaling = RopeScaling{};
            else if (problem.key.starts_with("attention.") ||
                     problem.key.starts_with("continual.") || problem.key == "objective.name" ||
                     problem.key == "schedule.total_steps")
                findField(problem.key)->set(spec, findField(problem.key)->get(RunSpec{}));
            else if (problem.key == "objective.mix")
                spec.objective.mix = ObjectiveSpec{}.mix;
            else
                findField(problem.key)->set(spec, problem.key.ends_with("_steps") ? int64_t{-1} : int64_t{0});
        }
    }
    return spec;
}

std::string mutated(Dice &dice, std::string text, const std::vector<std::string> &seeds)
{
    static const std::vector<std::string> tokens = {"{",
                                                    "}",
                                                    "[",
                                                    "]",
                                                    ",",
                                                    ":",
                                                    "\"",
                                                    "null",
                                                    "true",
                                                    "-1",
                                                    "0",
                                                    "1e308",
                                                    "1e-320",
                                                    "4.5",
                                                    "99999999999999999999",
                                                    "\"model\"",
                                                    "\"layers\"",
                                                    "\"model.layers\"",
                                                    "\"spec_version\"",
                                                    "2",
                                                    "\\u0000",
                                                    "\\ud800",
                                                    "\xff",
                                                    "\n",
                                                    "//"};
    for (uint64_t n = dice.below(5) + 1; n > 0; --n) {
        const size_t at = dice.below(text.size() + 1);
        const size_t length = std::min<size_t>(dice.below(12), text.size() - at);
        switch (dice.below(6)) {
        case 0:
            text.erase(at, length);
            break;
        case 1:
            text.insert(at, dice.pick(tokens));
            break;
        case 2:
            text.replace(at, length, dice.pick(tokens));
            break;
        case 3:
            if (at < text.size())
                text[at] = static_cast<char>(static_cast<unsigned char>(text[at]) ^ (1u << dice.below(8)));
            break;
        case 4:
            text.insert(at, text.substr(dice.below(text.size() + 1), dice.below(40)));
            break;
        default: {
            const std::string &other = dice.pick(seeds);
            text = text.substr(0, at) + other.substr(dice.below(other.size() + 1));
        }
        }
    }
    return text;
}

/// Changes one value within a well-formed document, which plain byte changes rarely do.
std::string valueChanged(Dice &dice, const std::string &text)
{
    auto json = nlohmann::ordered_json::parse(text).flatten();
    static const std::vector<nlohmann::ordered_json> values = {nullptr,
                                                               true,
                                                               0,
                                                               -1,
                                                               1,
                                                               2,
                                                               3,
                                                               7,
                                                               128,
                                                               4.5,
                                                               1e-9,
                                                               1e300,
                                                               -0.0,
                                                               "",
                                                               "x",
                                                               "gelu",
                                                               "cosine",
                                                               "bf16",
                                                               "cuda",
                                                               UINT64_MAX,
                                                               INT64_MIN,
                                                               nlohmann::ordered_json::array(),
                                                               nlohmann::ordered_json::object()};
    auto entry = json.begin();
    std::advance(entry, static_cast<std::ptrdiff_t>(dice.below(json.size())));
    entry.value() = dice.pick(values);
    // Flattened arrays and objects are not primitive: those are written by hand.
    if (!entry.value().is_primitive())
        return R"({")" + entry.key().substr(1) + R"(":)" + entry.value().dump() + "}";
    return json.unflatten().dump();
}

} // namespace

class TestSpecProperties : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void jsonReadsBackToTheSameSpec()
    {
        for (uint64_t seed = 0; seed < 500; ++seed) {
            const RunSpec spec = randomSpec(seed);
            VERIFY_OK(validateSpec(spec));
            const auto back = specFromJson(specToJson(spec, seed % 2 ? 2 : -1));
            VERIFY_OK(back);
            for (const Field &field : specFields())
                QVERIFY2(field.get(*back) == field.get(spec), field.key.c_str());
            QCOMPARE(qtext(specToJson(*back)), qtext(specToJson(spec)));
            QVERIFY(specDigest(*back) == specDigest(spec));
        }
    }
    void randomSpecsAreNotAllAlike()
    {
        std::set<std::string> digests;
        for (uint64_t seed = 0; seed < 500; ++seed) digests.insert(specDigest(randomSpec(seed)));
        QCOMPARE(digests.size(), size_t{500});
    }
    void everyFieldIsSetByTextAndReadBack()
    {
        Dice dice(77);
        for (const Field &field : specFields()) {
            for (int i = 0; i < 40; ++i) {
                const FieldValue value = randomValue(dice, field);
                SpecBuilder builder;
                VERIFY_OK(builder.setText(field.key, fieldValueText(value)));
                QVERIFY2(field.get(builder.preview()) == value,
                         (field.key + " " + fieldValueText(value)).c_str());
                QVERIFY(builder.isExplicit(field.key));
            }
        }
    }
    void settingOneFieldLeavesTheOthers()
    {
        Dice dice(78);
        for (const Field &field : specFields()) {
            RunSpec spec;
            field.set(spec, randomValue(dice, field));
            for (const Field &other : specFields())
                if (other.key != field.key)
                    QVERIFY2(other.get(spec) == other.get(RunSpec{}), field.key.c_str());
        }
    }
    void commandsBuildTheSameSpec()
    {
        for (uint64_t seed = 0; seed < 200; ++seed) {
            SpecBuilder given;
            VERIFY_OK(given.setJson(specToJson(randomSpec(seed))));
            SpecBuilder minimal; // only what differs from the preset, as the command has it
            const std::string command = specToCommand(given);
            for (const auto &[key, value] : given.values())
                if (key == "data.path" || command.find(key + "=") != std::string::npos)
                    VERIFY_OK(minimal.setValue(key, value));
            QCOMPARE(qtext(specToJson(minimal.preview())), qtext(specToJson(given.preview())));
        }
    }
    void estimatesAndSchedulesStandEverySpec()
    {
        for (uint64_t seed = 0; seed < 500; ++seed) {
            const RunSpec spec = randomSpec(seed);
            const auto estimate = estimateRun(spec, byteVocabSize(spec.data), 60e9);
            QVERIFY(estimate.numParameters > estimate.numNonEmbedding && estimate.numNonEmbedding > 0);
            QVERIFY(estimate.totalBytes >= estimate.weightBytes && std::isfinite(estimate.totalSeconds));
            const auto schedule = resolveSchedule(spec.schedule, spec.train.steps);
            for (const int64_t step :
                 {int64_t{0}, spec.train.steps / 2, spec.train.steps - 1, spec.train.steps}) {
                const double rate = learningRateAt(schedule, spec.optimizer.lr, step);
                QVERIFY(rate >= 0 && rate <= spec.optimizer.lr);
            }
        }
    }
    void brokenDocumentsAreRefusedOrRead()
    {
        std::vector<std::string> seeds;
        for (const char *name : {"defaults-v1.json", "defaults-v2.json", "run-v1.json", "dotted.json"}) {
            const auto text = readFile(std::string(ORRERY_TEST_DATA) + "/spec/" + name, 1 << 20);
            VERIFY_OK(text);
            seeds.push_back(*text);
        }
        int numRead = 0;
        int numRefused = 0;
        for (uint64_t seed = 0; seed < 2000; ++seed) {
            Dice dice(10'000 + seed);
            const std::string text =
                seed % 3 ? mutated(dice, dice.pick(seeds), seeds) : valueChanged(dice, dice.pick(seeds));
            const auto spec = specFromJson(text);
            if (!spec.ok()) {
                QVERIFY2(spec.error().code == ErrorCode::InvalidInput, qPrintable(errorText(spec)));
                QVERIFY(spec.error().message.starts_with("Cannot ") && !spec.error().hint.empty());
                ++numRefused;
                continue;
            }
            const auto again = specFromJson(specToJson(*spec));
            VERIFY_OK(again);
            QCOMPARE(qtext(specToJson(*again)), qtext(specToJson(*spec)));
            ++numRead;
        }
        // Both ways are really taken.
        QVERIFY2(numRead > 100 && numRefused > 1000,
                 qPrintable(QString("%1 read, %2 refused").arg(numRead).arg(numRefused)));
    }
};

QTEST_GUILESS_MAIN(TestSpecProperties)
#include "tst_spec_properties.moc"
