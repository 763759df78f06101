// SPDX-License-Identifier: GPL-3.0-or-later
// What an answer says: rank, surprise, marks, order, and texts with broken UTF-8.
#include "core/spec/kept_prompt.h"
#include "tests/widgets/microscope/microscope_samples.h"
#include "widgets/attention/token_groups.h"
#include "widgets/microscope/focus_text.h"
#include "widgets/microscope/microscope_export.h"
#include "widgets/microscope/microscope_reading.h"
#include "widgets/microscope/section_content.h"
#include "widgets/play/media_files.h"

#include <QFile>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTemporaryDir>
#include <QTest>

using namespace orrery;
using namespace orrery::ui;
using namespace Qt::StringLiterals;

namespace {

InspectRequest asked(int64_t token, std::vector<HeadRef> heads = {})
{
    InspectRequest request{
        .heads = std::move(heads), .token = token, .wantsLens = true, .wantsAttribution = true};
    request.rows = {token, token + 1};
    return request;
}

InspectReport answer(int64_t token, std::vector<HeadRef> heads = {})
{
    return sampleAnswer({}, "alpha@8000", asked(token, std::move(heads)));
}

std::vector<InspectedToken> tokensOf(const std::vector<std::string> &words)
{
    std::vector<InspectedToken> tokens;
    for (const std::string &word : words) tokens.push_back({.id = 300, .bytes = word});
    return tokens;
}

MicroscopeAnswer answerOf(InspectReport report, std::optional<HeadRef> head = {})
{
    return {.focus = {.model = u"alpha@8000"_s, .title = u"Probe"_s, .text = sampleText()},
            .has = {},
            .head = head,
            .report = std::move(report)};
}

} // namespace

class TestMicroscopeReading : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void saidTokenHasRankAndSurprise();
    void saidTokenBeyondTheCandidatesIsAdded();
    void behindTheLastTokenNothingWasSaid();
    void whatCouldBeSeenBeforeHasNoProbability();
    void patchesAreNotSaid();
    void partsAreNamedByTheirPlace();
    void entropyIsExactOnlyOfTheWholeVocabulary();
    void textIsCutAtCharacters();
    void brokenBytesStayVisible();
    void lensFollowsWhatWasSaid();
    void lensWithoutAPathSaysSo();
    void attributionsAreSortedByStrength();
    void attentionIsTheRowOfTheToken();
    void groupsOfTokensKeepTheirSum();
    void choicesAreMarkedOnce();
    void memoryIsSortedByGate();
    void emptyPartsSayWhy();
    void fewTokensFirst();
    void headlineAndSummaryNameTheNumbers();
    void sharesInNatsAreSigned();
    void limitsAreRound();
    void commandNamesTheTokens();
    void mediaAreNamedByTheirOwnFile();
    void linkFindsTheFocusAgain();
    void whatCannotBeWrittenDownIsLeftOut();
    void brokenLinksAreExplained_data();
    void brokenLinksAreExplained();
    void csvHasALineForEachNumber();
    void jsonHasNoNaN();
};

void TestMicroscopeReading::saidTokenHasRankAndSurprise()
{
    const SaidToken said = saidToken(answer(2));
    QVERIFY(said.exists && said.isText);
    QCOMPARE(said.label, u"␣fox"_s);
    QCOMPARE(said.rank, 3);
    QCOMPARE(said.probability, 0.123);
    QCOMPARE(said.surprise, -std::log(0.123));
    QCOMPARE(said.surpriseBits(), -std::log2(0.123));
}

void TestMicroscopeReading::saidTokenBeyondTheCandidatesIsAdded()
{
    InspectReport report = answer(2);
    report.candidates.erase(report.candidates.begin() + 2);
    report.tokens[3].surprise = 9;
    const SaidToken said = saidToken(report);
    QCOMPARE(said.rank, 0);
    QCOMPARE(said.probability, std::exp(-9.0));
    const std::vector<Choice> choices = choicesOf(report);
    QCOMPARE(choices.size(), report.candidates.size() + 1);
    QVERIFY(choices.back().isSaid);
    QCOMPARE(choices.back().rank, 0);
    QCOMPARE(choices.back().token.probability, std::exp(-9.0));
    QCOMPARE(choicesContent(report).table.rows.back().cells.front().text, u"> 19"_s);
}

void TestMicroscopeReading::behindTheLastTokenNothingWasSaid()
{
    const InspectReport report = answer(-1);
    QVERIFY(!saidToken(report).exists);
    QCOMPARE(choicesOf(report).size(), report.candidates.size());
    for (const Choice &one : choicesOf(report)) QVERIFY(!one.isSaid);
    QVERIFY(microscopeHeadline(report).startsWith(u"What comes after"_s));
}

void TestMicroscopeReading::whatCouldBeSeenBeforeHasNoProbability()
{
    InspectReport report = answer(2);
    report.tokens[3].surprise = std::nan(""); // a bidirectional mask
    const SaidToken said = saidToken(report);
    QVERIFY(said.exists && std::isnan(said.probability) && std::isnan(said.surprise));
    report.candidates.erase(report.candidates.begin() + 2);
    QCOMPARE(choicesOf(report).size(), report.candidates.size()); // not added with a made-up number
}

void TestMicroscopeReading::patchesAreNotSaid()
{
    InspectReport report = answer(2);
    report.tokens[3] = {.id = -1, .modality = Modality::Image, .item = 0, .place = 4};
    const SaidToken said = saidToken(report);
    QVERIFY(said.exists && !said.isText);
    QCOMPARE(said.label, u"patch 4 of image 0"_s);
    QVERIFY(microscopeHeadline(report).contains(said.label));
    QVERIFY(!lensPath(report)->isSaid);
}

/// As in the attention panel: what it is, and where in its picture or recording.
void TestMicroscopeReading::partsAreNamedByTheirPlace()
{
    InspectReport report = answer(5, {{0, 0}});
    QVERIFY(report.tokens.size() > 6);
    for (int64_t i = 0; i < 4; ++i) report.tokens[size_t(i)] = {.id = -1, .modality = Modality::Image, .item = 0, .place = i};
    report.tokens[4] = {.id = 1, .bytes = "a"};
    QCOMPARE(textBefore(report.tokens, 4, 36), u"image 0, patch 0-3a"_s); // one thing, not four
    QCOMPARE(textBefore(report.tokens, 1, 36), u"image 0, patch 0-1"_s);
    report.attribution.assign(report.tokens.size(), 0.01F);
    report.attribution[3] = 2;
    const SectionContent mattered = matteredContent(report, RowLimit::All);
    QCOMPARE(mattered.table.rows.front().cells[1].text, u"patch 3"_s); // the text has one picture
    QVERIFY2(mattered.table.rows.front().toolTip.startsWith(u"token 3, patch 3 of image 0, row 1, column 1, "_s),
             qPrintable(mattered.table.rows.front().toolTip));
    report.tokens[2] = {.id = -1, .modality = Modality::Audio, .item = 1, .place = 2};
    report.attribution[2] = 3;
    const SectionContent both = matteredContent(report, RowLimit::All);
    QCOMPARE(both.table.rows[0].cells[1].text, u"frame 2"_s);
    QVERIFY(both.table.rows[0].toolTip.contains(u"frame 2 of audio 1, from 0.10 s"_s));
    QCOMPARE(both.table.rows[1].cells[1].text, u"patch 3"_s);
}

void TestMicroscopeReading::entropyIsExactOnlyOfTheWholeVocabulary()
{
    InspectReport report = answer(2);
    QVERIFY(entropyOf(report).isExact);
    QCOMPARE(entropyOf(report).nats, report.lens.back().entropy);
    report.lens.clear();
    report.candidates = {{1, "a", 0.5}, {2, "b", 0.25}};
    const ChoiceEntropy least = entropyOf(report);
    QVERIFY(!least.isExact);
    QVERIFY(std::abs(least.nats - 1.0397207708399179) < 1e-12); // 0.5, 0.25, and 0.25 together
    report.candidates.push_back({3, "c", 0.25});
    QVERIFY(entropyOf(report).isExact);
    QVERIFY(std::isnan(entropyOf({}).nats));
}

void TestMicroscopeReading::textIsCutAtCharacters()
{
    const std::vector<InspectedToken> tokens = tokensOf({"The quick", " brown", " fox\n"});
    QCOMPARE(textBefore(tokens, 1, 100), u"The quick brown"_s);
    QCOMPARE(textBefore(tokens, 2, 6), u"…fox↵"_s); // the rest of "brown" is left out
    QCOMPARE(textBefore(tokens, 2, 4), u"…fox↵"_s);
    QCOMPARE(textBefore(tokens, -1, 10), QString());
    // Two tokens make one character; the first token alone does not.
    const std::vector<InspectedToken> split = tokensOf({"x", "\xC3", "\xA9", "y"});
    QCOMPARE(textBefore(split, 3, 2), u"…éy"_s);
    QCOMPARE(textBefore(split, 2, 1), u"…é"_s);
    QCOMPARE(textBefore(split, 1, 9), u"x\\xC3"_s);
}

void TestMicroscopeReading::brokenBytesStayVisible()
{
    const std::vector<InspectedToken> tokens = tokensOf({"a", "\xE2\x82", "b", "\xFF"});
    QCOMPARE(textBefore(tokens, 3, 40), u"a\\xE2\\x82b\\xFF"_s);
    const QString cut = textBefore(tokens, 3, 5);
    QCOMPARE(cut, u"…b\\xFF"_s); // "\x82" is one cell: it comes whole or not at all
}

void TestMicroscopeReading::lensFollowsWhatWasSaid()
{
    const InspectReport report = answer(2);
    const std::optional<LensPath> path = lensPath(report);
    QVERIFY(path && path->isSaid);
    QCOMPARE(path->label, u"␣fox"_s);
    QCOMPARE(path->firstLayer, 4);
    const SectionContent content = layersContent(report);
    QCOMPARE(content.table.rows.size(), size_t(7));
    for (const TableRow &row : content.table.rows) QCOMPARE(row.isMarked, row.place == 4);
    // Layers have the names that the attention panel gives them; the last row is no layer.
    QCOMPARE(content.table.columns.front().title, u"Before"_s);
    QCOMPARE(content.table.rows[4].cells.front().text, u"L4"_s);
    QVERIFY(content.table.rows[4].spoken.startsWith(u"before layer 4, "_s));
    QCOMPARE(content.table.rows[6].cells.front().text, u"out"_s);
    QVERIFY(content.table.rows[6].spoken.startsWith(u"output, "_s));
    QCOMPARE(content.table.rows[6].cells[1].number, u"0.56"_s); // as on the scale below
    QVERIFY(content.table.rows[6].cells[1].isOutlined);
    QVERIFY(!content.table.rows[0].cells[1].isOutlined);
    QVERIFY(content.sentence.contains(u"first choice from before layer 4 on"_s));
    QVERIFY(content.sentence.contains(u"Logit lens"_s));
    InspectReport late = report;
    for (size_t i = 4; i < 6; ++i) std::swap(late.lens[i].candidates[0], late.lens[i].candidates[1]);
    QCOMPARE(layersContent(late).digest, u"“␣fox” at the output"_s);
}

void TestMicroscopeReading::lensWithoutAPathSaysSo()
{
    InspectReport report = answer(2);
    std::swap(report.lens.back().candidates[0], report.lens.back().candidates[1]);
    QCOMPARE(lensPath(report)->firstLayer, -1); // it was first below, but not at the end
    QVERIFY(layersContent(report).sentence.contains(u"not the first choice"_s));
    for (const TableRow &row : layersContent(report).table.rows) QVERIFY(!row.isMarked);
    QVERIFY(!lensPath({}));
}

void TestMicroscopeReading::attributionsAreSortedByStrength()
{
    QCOMPARE(strongestAttributions({0.1F, -0.5F, 0, 0.5F, std::nanf("")}), (std::vector<int>{3, 1, 0}));
    const SectionContent content = matteredContent(answer(5), RowLimit::All);
    QVERIFY(content.table.isSigned);
    for (size_t i = 1; i < content.table.rows.size(); ++i)
        QVERIFY(std::abs(content.table.rows[i - 1].cells[2].value) >=
                std::abs(content.table.rows[i].cells[2].value));
    QVERIFY(content.sentence.contains(u"not a cause"_s));
    QVERIFY2(content.sentence.contains(u"“␣the”, which was said"_s), qPrintable(content.sentence));
    const QString atEnd = matteredContent(answer(16), RowLimit::All).sentence;
    QVERIFY2(atEnd.contains(u"“␣dog”, the likeliest next token"_s), qPrintable(atEnd));
}

void TestMicroscopeReading::attentionIsTheRowOfTheToken()
{
    const InspectReport report = answer(4, {{2, 1}});
    const auto shares = attentionShares(report, {2, 1});
    QVERIFY(shares);
    QCOMPARE(shares->size(), size_t(5)); // what lies ahead has no weight
    QVERIFY((shares->front().range == TokenRange{4, 5}));
    QVERIFY(!attentionShares(report, {0, 0}));
    InspectReport other = report;
    other.token = 7; // the map is of another row
    QVERIFY(!attentionShares(other, {2, 1}));
    InspectReport broken = report;
    broken.maps.front().mean.pop_back();
    QVERIFY(!attentionShares(broken, {2, 1}));
    QCOMPARE(attentionContent(report, HeadRef{2, 1}, RowLimit::Few).table.rows.front().cells[1].text,
             u"␣jumps"_s);
}

void TestMicroscopeReading::groupsOfTokensKeepTheirSum()
{
    InspectReport report;
    report.tokens = tokensOf({"a", "b", "c", "d"});
    report.token = 3;
    report.maps = {{.head = {0, 0},
                    .firstRow = 3,
                    .numRows = 1,
                    .numColumns = 4,
                    .columnsPerCell = 2,
                    .mean = {0.1F, 0.4F},
                    .maximum = {0.15F, 0.7F}}};
    const auto shares = attentionShares(report, {0, 0});
    QVERIFY(shares && shares->size() == 2);
    QVERIFY((shares->front().range == TokenRange{2, 4}));
    QVERIFY(std::abs(shares->front().weight - 0.8) < 1e-6);
    QVERIFY(attentionContent(report, HeadRef{0, 0}, RowLimit::Few).sentence.contains(u"groups of tokens"_s));
    QCOMPARE(attentionByToken(report, {0, 0}), (std::vector<float>{0.1F, 0.1F, 0.4F, 0.4F}));
}

void TestMicroscopeReading::choicesAreMarkedOnce()
{
    const SectionContent content = choicesContent(answer(2));
    QCOMPARE(content.table.rows.size(), size_t(20));
    int marked = 0;
    for (const TableRow &row : content.table.rows) marked += row.isMarked ? 1 : 0;
    QCOMPARE(marked, 1);
    QVERIFY(content.table.rows[2].isMarked);
    QCOMPARE(content.table.rows[2].cells[3].text, u"0.123"_s);
    QVERIFY(content.table.rows[2].spoken.contains(u"this was said"_s));
    QVERIFY(content.table.limit >= 0.312 && content.table.limit <= 1);
    QVERIFY2(content.sentence.contains(u"bars 0 … 0.4, linear"_s), qPrintable(content.sentence));
    QCOMPARE(content.digest, u"1.94 nats"_s);
}

void TestMicroscopeReading::memoryIsSortedByGate()
{
    const SectionContent few = memoryContent(answer(2), RowLimit::Few);
    QCOMPARE(few.numHidden, 2);
    const SectionContent all = memoryContent(answer(2), RowLimit::All);
    QCOMPARE(all.numHidden, 0);
    QCOMPARE(all.table.rows.size(), size_t(6 * 4));
    QVERIFY(all.table.rows.front().isHeading);
    QCOMPARE(all.table.rows.front().cells.back().text, u"gate 0.335"_s);
    QCOMPARE(all.digest, u"gate up to 0.335"_s);
    QCOMPARE(all.table.rows[3].cells[1].text, u"—"_s); // no event
    QVERIFY(all.table.rows[1].cells[2].text.contains(u"␣"_s) ||
            all.table.rows[1].cells[2].text.contains(u"The"_s));

    // What is nearly nothing is not shown as nothing.
    InspectReport report = answer(2);
    for (MemoryRead &read : report.reads) read.slots.front().weight = 1e-5;
    const TableRow faint = memoryContent(report, RowLimit::All).table.rows[1];
    QCOMPARE(faint.cells.back().text, u"< 0.001"_s);
    QVERIFY(faint.spoken.contains(u"weight < 0.001"_s));
}

void TestMicroscopeReading::emptyPartsSayWhy()
{
    InspectReport report = sampleAnswer({.hasMemory = false}, "alpha", {.token = 2});
    QVERIFY(memoryContent(report, RowLimit::Few).sentence.contains(u"Nothing was read"_s));
    QVERIFY(attentionContent(report, {}, RowLimit::Few).sentence.contains(u"Choose a head"_s));
    QVERIFY(attentionContent(report, HeadRef{1, 2}, RowLimit::Few).sentence.contains(u"layer 1, head 2"_s));
    QVERIFY(matteredContent(report, RowLimit::Few).sentence.contains(u"No token"_s));
    QVERIFY(!layersContent(report).sentence.isEmpty());
    QVERIFY(choicesContent({}).sentence.contains(u"no candidates"_s));
}

void TestMicroscopeReading::fewTokensFirst()
{
    const InspectReport report = answer(15);
    const SectionContent few = matteredContent(report, RowLimit::Few),
                         all = matteredContent(report, RowLimit::All);
    QCOMPARE(few.table.rows.size(), size_t(kFewTokens));
    QCOMPARE(few.numHidden, int(all.table.rows.size()) - kFewTokens);
    QCOMPARE(all.numHidden, 0);
}

void TestMicroscopeReading::headlineAndSummaryNameTheNumbers()
{
    QCOMPARE(microscopeHeadline(answer(2)), u"“␣fox” after “The quick brown”"_s);
    const QString summary = microscopeSummary(answer(2));
    for (const QString &part :
         {u"0.123"_s, u"rank 3"_s, u"2.10 nats"_s, u"3.02 bits"_s, u"␣dog"_s, u"0.312"_s})
        QVERIFY2(summary.contains(part), qPrintable(summary));
}

void TestMicroscopeReading::sharesInNatsAreSigned()
{
    QCOMPARE(signedNatsText(0.25), u"+0.250"_s);
    QCOMPARE(signedNatsText(-1.5), u"−1.50"_s);
}

void TestMicroscopeReading::limitsAreRound()
{
    QCOMPARE(roundLimit(0), 0.001);
    QCOMPARE(roundLimit(0.27), 0.3);
    QCOMPARE(roundLimit(1.2), 1.5);
    QCOMPARE(roundLimit(37), 40.0);
    QCOMPARE(roundLimit(std::nan("")), 1.0);
}

void TestMicroscopeReading::commandNamesTheTokens()
{
    InspectReport report = answer(1, {{2, 1}});
    report.tokens.resize(3);
    MicroscopeAnswer one = answerOf(report, HeadRef{2, 1});
    const QString ids = u"%1,%2,%3"_s.arg(sampleId("The")).arg(sampleId(" quick")).arg(sampleId(" brown"));
    QCOMPARE(microscopeCommand(one), u"orrery-engine inspect attention alpha@8000 --prompt-ids %1 --token 1 "
                                     "--layer 2 --head 1 --lens --attribution --json"_s.arg(ids));
    one.focus.model = u"alpha@live"_s;
    one.has = {.lens = false, .attribution = false};
    one.head.reset();
    QCOMPARE(microscopeCommand(one),
             u"orrery-engine inspect attention alpha --prompt-ids %1 --token 1 --json"_s.arg(ids));
    one.report.tokens.push_back({.id = -1, .modality = Modality::Image}); // no token says it: as it was asked
    QCOMPARE(microscopeCommand(one),
             u"orrery-engine inspect attention alpha '--prompt=The quick brown fox' --token 1 --json"_s);
    GenerateRequest document = keptPrompt(2); // whose pictures the command finds by its number
    document.answerIds = {51, 32};
    one.focus.text = std::make_shared<const GenerateRequest>(document);
    QCOMPARE(microscopeCommand(one),
             u"orrery-engine inspect attention alpha --probe 2 --answer-ids 51,32 --token 1 --json"_s);
    // Pictures and recordings by the files that this window read them from.
    const std::string png = "\x89PNG\r\n\x1a\n of a cat", wav = "RIFF....WAVE of a bird";
    GenerateRequest prompt;
    prompt.prompt = "-What is it?";
    prompt.media = {{png, "cat.png", 0}, {wav, "bird.wav", 5}};
    one.focus.text = std::make_shared<const GenerateRequest>(prompt);
    QCOMPARE(microscopeCommand(one), QString()); // of one nobody knows the file
    noteMediaFile(png, QFileInfo(u"/pics/cat.png"_s));
    noteMediaFile(wav, QFileInfo(u"/my sounds/bird.wav"_s));
    QCOMPARE(microscopeCommand(one), u"orrery-engine inspect attention alpha --image /pics/cat.png --prompt=-What --audio "
                                     "'/my sounds/bird.wav' '--prompt= is it?' --token 1 --json"_s);
    GenerateRequest talk;
    talk.messages = {{"user", "It's a cat?", {{png, "cat.png", 0}}}};
    talk.answerIds = {7};
    one.focus.text = std::make_shared<const GenerateRequest>(talk);
    QCOMPARE(microscopeCommand(one),
             u"printf '%s' '{\"messages\":[{\"content\":\"It'\\''s a cat?\",\"images\":[\"/pics/cat.png\"],\"role\":\"user\"}]}' | "
             "orrery-engine inspect attention alpha --messages - --answer-ids 7 --token 1 --json"_s);
}

/// By all of their bytes, and while they stand there still.
void TestMicroscopeReading::mediaAreNamedByTheirOwnFile()
{
    const QTemporaryDir folder;
    const auto write = [&](const QString &name, const std::string &bytes) {
        QFile file(folder.filePath(name));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(bytes.data(), qint64(bytes.size()));
    };
    const std::string whole(3'000'000, 'x');
    std::string cut = whole; // as a recording with a beep somewhere
    cut[1'234'567] = 'y';
    const QString wholePath = folder.filePath(u"whole.wav"_s), cutPath = folder.filePath(u"cut.wav"_s);
    write(u"whole.wav"_s, whole);
    noteMediaFile(whole, QFileInfo(wholePath));
    QCOMPARE(mediaFileOf(whole), wholePath);
    QCOMPARE(mediaFileOf(cut), QString());
    write(u"cut.wav"_s, cut);
    noteMediaFile(cut, QFileInfo(cutPath));
    QCOMPARE(mediaFileOf(whole), wholePath);
    QCOMPARE(mediaFileOf(cut), cutPath);
    QCOMPARE(mediaFileOf(std::string_view(cut).substr(1)), QString());
    // Written over since, as long as it was.
    QTest::qWait(20);
    write(u"cut.wav"_s, whole);
    QCOMPARE(mediaFileOf(cut), QString());
    QVERIFY(QFile::remove(wholePath));
    QCOMPARE(mediaFileOf(whole), QString());
}

void TestMicroscopeReading::linkFindsTheFocusAgain()
{
    GenerateRequest text;
    text.messages = {{"user", "What is “a–b”?", {}}};
    text.answerIds = {300, 17, 4};
    Focus focus{.model = u"alpha@8000"_s,
                .title = u"Answer 3"_s,
                .text = std::make_shared<const GenerateRequest>(text),
                .token = 5,
                .head = HeadRef{2, 1}};
    Result<std::optional<Focus>> found = focusFromMap(focusToMap(focus));
    QVERIFY(found.ok() && *found);
    QCOMPARE((*found)->model, focus.model);
    QCOMPARE((*found)->title, focus.title);
    QCOMPARE((*found)->token, 5);
    QVERIFY(((*found)->head == HeadRef{2, 1}));
    QCOMPARE((*found)->text->messages.front().content, text.messages.front().content);
    QCOMPARE((*found)->text->messages.front().role, std::string("user"));
    QCOMPARE((*found)->text->answerIds, text.answerIds);
    text = {};
    text.promptIds = {5, 6};
    focus.text = std::make_shared<const GenerateRequest>(text);
    found = focusFromMap(focusToMap(focus));
    QVERIFY(found.ok() && *found);
    QCOMPARE((*found)->text->promptIds, text.promptIds);
    focus.text = sampleText("a - b = c");
    found = focusFromMap(focusToMap(focus));
    QCOMPARE((*found)->text->prompt, std::string("a - b = c"));
    focus.text = std::make_shared<const GenerateRequest>(keptPrompt(2));
    found = focusFromMap(focusToMap(focus));
    QVERIFY(found.ok() && *found);
    QVERIFY(keptPromptNumber(*(*found)->text) == std::optional<int32_t>(2));
    text = keptPrompt(2);
    text.answerIds = {7};
    focus.text = std::make_shared<const GenerateRequest>(text);
    found = focusFromMap(focusToMap(focus));
    QVERIFY(found.ok() && *found);
    QVERIFY(keptPromptNumber(*(*found)->text) == std::optional<int32_t>(2));
    QCOMPARE((*found)->text->answerIds, text.answerIds);
    const auto refused = focusFromMap({{u"model"_s, u"alpha@live"_s}, {u"document"_s, u"two"_s}});
    QVERIFY(!refused.ok());
    QVERIFY(QString::fromStdString(refused.error().text()).contains(u"the document is \"two\", expected a number from 0"_s));
    found = focusFromMap({{u"model"_s, u"alpha"_s}}); // sections alone
    QVERIFY(found.ok() && !*found);
}

void TestMicroscopeReading::whatCannotBeWrittenDownIsLeftOut()
{
    const auto isLeftOut = [](GenerateRequest text) {
        const Focus focus{.model = u"a"_s, .text = std::make_shared<const GenerateRequest>(std::move(text))};
        return focusToMap(focus).isEmpty();
    };
    QVERIFY(isLeftOut({.prompt = "\xFF"}));
    QVERIFY(isLeftOut({.prompt = "a", .infill = "b"}));
    QVERIFY(isLeftOut({.prompt = "a", .media = {{"bytes", "a.png"}}}));
    QVERIFY(isLeftOut({.prompt = std::string(20'000, 'x')})); // longer than a link may be
    QVERIFY(!isLeftOut({.prompt = "a"}));
    QVERIFY(focusToMap({}).isEmpty());
}

void TestMicroscopeReading::brokenLinksAreExplained_data()
{
    QTest::addColumn<QVariantMap>("change");
    QTest::addColumn<QString>("found");
    QTest::newRow("prompt ids") << QVariantMap{{u"prompt_ids"_s, u"1-x"_s}} << u"\"x\""_s;
    QTest::newRow("answer ids") << QVariantMap{{u"answer_ids"_s, u"12345678901"_s}} << u"12345678901"_s;
    QTest::newRow("token") << QVariantMap{{u"token"_s, u"many"_s}} << u"\"many\""_s;
    QTest::newRow("token below") << QVariantMap{{u"token"_s, -2}} << u"\"-2\""_s;
    QTest::newRow("token beyond") << QVariantMap{{u"token"_s, u"9223372036854775807"_s},
                                                 {u"head"_s, u"0.0"_s}}
                                  << u"\"9223372036854775807\""_s;
    QTest::newRow("token just beyond") << QVariantMap{{u"token"_s, u"2147483647"_s}} << u"\"2147483647\""_s;
    QTest::newRow("model twice") << QVariantMap{{u"model"_s, QStringList{u"a"_s, u"b"_s}}} << u"\"a, b\""_s;
    QTest::newRow("prompt twice") << QVariantMap{{u"prompt"_s, QStringList{u"c"_s, u"d"_s}}} << u"\"c, d\""_s;
    QTest::newRow("head") << QVariantMap{{u"head"_s, u"two"_s}} << u"\"two\""_s;
    QTest::newRow("messages") << QVariantMap{{u"messages"_s, u"[oops"_s}} << u"[oops"_s;
}

void TestMicroscopeReading::brokenLinksAreExplained()
{
    QFETCH(QVariantMap, change);
    QFETCH(QString, found);
    QVariantMap map{{u"model"_s, u"alpha"_s}, {u"prompt"_s, u"a"_s}};
    map.insert(change);
    const Result<std::optional<Focus>> focus = focusFromMap(map);
    QVERIFY(!focus.ok());
    QCOMPARE(focus.error().code, ErrorCode::InvalidInput);
    const QString message = QString::fromStdString(focus.error().message);
    QVERIFY2(message.contains(found) && message.contains(u"expected"_s), qPrintable(message));
}

void TestMicroscopeReading::csvHasALineForEachNumber()
{
    const QString csv = microscopeCsv(answerOf(answer(2, {{2, 1}}), HeadRef{2, 1}));
    const QStringList lines = csv.split(u'\n', Qt::SkipEmptyParts);
    QCOMPARE(lines.front(), u"section,layer,head,rank,place,token_id,text,value,unit"_s);
    const auto count = [&lines](const QString &section) {
        return std::count_if(lines.begin(), lines.end(),
                             [&](const QString &line) { return line.startsWith(section + u','); });
    };
    QCOMPARE(count(u"said"_s), 1);
    QCOMPARE(count(u"choices"_s), 20);
    QCOMPARE(count(u"layers"_s), 7 * 4);
    QCOMPARE(count(u"mattered"_s), 17);
    QCOMPARE(count(u"attention"_s), 17);
    QCOMPARE(count(u"memory"_s), 6 * 4);
    QVERIFY(csv.contains(u"choices,,,3,,%1, fox,0.123,probability\n"_s.arg(sampleId(" fox"))));
    QVERIFY(csv.contains(u"attention,2,1,"_s));
}

void TestMicroscopeReading::jsonHasNoNaN()
{
    InspectReport report = answer(2, {{2, 1}});
    report.attribution[1] = std::nanf("");
    const QString text = microscopeJson(answerOf(report, HeadRef{2, 1}));
    QVERIFY(!text.contains(u"nan"_s, Qt::CaseInsensitive));
    const QJsonObject root = QJsonDocument::fromJson(text.toUtf8()).object();
    QCOMPARE(root.value("step"_L1).toInt(), 8000);
    QCOMPARE(root.value("said"_L1).toObject().value("rank"_L1).toInt(), 3);
    QCOMPARE(root.value("candidates"_L1).toArray().size(), 20);
    QVERIFY(root.value("attribution"_L1).toArray().at(1).isNull());
    QCOMPARE(root.value("attention"_L1).toObject().value("head"_L1).toString(), u"2.1"_s);
    QCOMPARE(root.value("reads"_L1).toArray().size(), 6);
}

QTEST_GUILESS_MAIN(TestMicroscopeReading)
#include "tst_microscope_reading.moc"
