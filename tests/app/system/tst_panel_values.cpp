// SPDX-License-Identifier: GPL-3.0-or-later
// What the panels show and export is what the command line computes: real engine, real worker, the real
// panels on a session to them, one tiny model with a memory.
#include "app/workbench/rpc_session.h"
#include "plugins/memory/ui/memory_model.h"
#include "plugins/memory/ui/memory_panel.h"
#include "plugins/memory/ui/reads_model.h"
#include "plugins/memory/ui/reads_pane.h"
#include "tests/app/cli/engine_process.h"
#include "tests/app/cli/npz_file.h"
#include "widgets/attention/attention_panel.h"
#include "widgets/attention/attention_stage.h"
#include "widgets/attention/bar_list.h"
#include "widgets/attention/frame_feed.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/microscope/microscope_feed.h"
#include "widgets/microscope/microscope_panel.h"
#include "widgets/theme/theme.h"

#include <QApplication>
#include <QPushButton>

#include <cmath>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

namespace {

constexpr int kPatienceMs = 120'000;
constexpr double kClose = 2e-6; ///< fp32, with another number of threads

/// Rows of a table of numbers and quoted texts without commas.
QList<QStringList> rowsOf(const QString &csv)
{
    QList<QStringList> rows;
    for (const QString &line : csv.split(u'\n', Qt::SkipEmptyParts)) rows << line.split(u',');
    return rows;
}

bool isClose(double one, double other)
{
    return std::abs(one - other) <= kClose * std::max(1.0, std::abs(other));
}

double probabilityOf(const QJsonArray &candidates, int32_t id)
{
    for (const QJsonValue &one : candidates)
        if (one.toObject()[u"id"_s].toInt() == id) return one.toObject()[u"p"_s].toDouble();
    return std::nan("");
}

} // namespace

class TestPanelValues : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void cleanupTestCase();
    void mapsAreThoseOfTheFile();
    void keptStepsAreThoseOfTheFile_data();
    void keptStepsAreThoseOfTheFile();
    void summariesAndWhatComesNext();
    void theMicroscopeReadsTheSame();
    void theMemoryIsThatOfTheFile();
    void whyItWasSaidIsReadFromItsState();

private:
    [[nodiscard]] QJsonObject json(const QStringList &arguments) const
    {
        const EngineAnswer answer = m_home->run(arguments + QStringList{u"--threads"_s, u"1"_s, u"--json"_s});
        if (answer.exitCode != 0) qFatal("%s", qPrintable(answer.all()));
        return answer.lines().last();
    }
    [[nodiscard]] QJsonObject look(const QStringList &more) const
    {
        return json(QStringList{u"inspect"_s, u"attention"_s, m_directory, u"--prompt"_s, m_text} + more);
    }
    [[nodiscard]] Focus focus(int64_t token) const
    {
        return {
            .model = m_model, .title = u"text"_s, .text = m_request, .token = token, .head = HeadRef{1, 1}};
    }
    /// The text, read by the model.
    [[nodiscard]] std::unique_ptr<AttentionPanel> attention(int64_t token)
    {
        auto panel = std::make_unique<AttentionPanel>(*m_session);
        panel->resize(1200, 800);
        panel->show();
        m_selection = std::make_unique<Selection>();
        panel->setSelection(m_selection.get());
        m_selection->set(focus(token), &m_other);
        if (!QTest::qWaitFor([&] { return panel->snapshot() != nullptr; }, kPatienceMs))
            qFatal("%s", qPrintable(m_session->lastError()));
        panel->flush();
        return panel;
    }

    /// Of the answer; −1: none came.
    [[nodiscard]] double divergenceOf(const InspectRequest &request)
    {
        double divergence = -1;
        const auto asked =
            m_session->inspect(m_model, request, this, [&divergence](const Result<InspectReport> &report) {
                if (!report) qFatal("%s", report.error().text().c_str());
                divergence = report->changedDivergence;
            });
        return QTest::qWaitFor([&] { return divergence >= 0; }, kPatienceMs) ? divergence : -1;
    }

    std::unique_ptr<EngineHome> m_home;
    std::unique_ptr<RpcSession> m_session;
    std::unique_ptr<Selection> m_selection;
    QObject m_other;
    QString m_directory, m_memory, m_model;
    const QString m_text = u"the quick brown fox"_s;
    std::shared_ptr<const GenerateRequest> m_request;
};

void TestPanelValues::initTestCase()
{
    m_home = std::make_unique<EngineHome>();
    qputenv("ORRERY_HOME", m_home->path(u"home"_s).toUtf8());
    qputenv("XDG_RUNTIME_DIR", m_home->path().toUtf8());
    const QString text = m_home->write(
        u"fox.txt"_s, QByteArray("the quick brown fox jumps over the lazy dog\n").repeated(200));
    m_directory = m_home->path(u"run"_s);
    m_memory = m_home->path(u"talk.memory"_s);
    QStringList arguments{u"train"_s, u"--data"_s, text, u"--out"_s, m_directory, u"--steps"_s, u"20"_s};
    for (const QString &setting :
         {u"model.layers=2"_s, u"model.width=32"_s, u"model.heads=2"_s, u"model.context=64"_s,
          u"model.window=8"_s, u"train.batch_size=4"_s, u"train.eval_tokens=64"_s, u"probes.every=0"_s,
          u"threads=1"_s, u"optimizer.lr=0.01"_s, u"plugins.use=[\"memory\"]"_s,
          u"plugins.memory.episodic_size=200"_s, u"probes.frames_every=4"_s, u"probes.starred=[\"1.1\"]"_s,
          u"probes.budget_percent=100"_s})
        arguments << u"--set"_s << setting;
    const EngineAnswer trained = m_home->run(arguments);
    QVERIFY2(trained.exitCode == 0, qPrintable(trained.all()));
    const EngineAnswer told = m_home->run(
        {u"generate"_s, m_directory, u"--prompt"_s, u"the quick brown fox was seen by the lazy dog"_s,
         u"--max-tokens"_s, u"4"_s, u"--source"_s, u"a tale"_s, u"--memory"_s, m_memory});
    QVERIFY2(told.exitCode == 0, qPrintable(told.all()));
    GenerateRequest request;
    request.prompt = m_text.toStdString();
    m_request = std::make_shared<const GenerateRequest>(request);
    HostConnectOptions options;
    options.socketPath = m_home->path(u"h.sock"_s).toStdString();
    options.engineProgram = ORRERY_BIN_DIR "/orrery-engine";
    options.arguments = {"host", "--background", "--socket", options.socketPath, "--idle-exit", "5"};
    m_session = std::make_unique<RpcSession>(options);
    QTRY_VERIFY_WITH_TIMEOUT(m_session->connectionState() == ConnectionState::Connected, kPatienceMs);
    m_session->addRun(m_directory, this, [this](const Result<RunStatus> &run) {
        if (!run) qFatal("%s", run.error().text().c_str());
        m_model = QString::fromStdString(run->id) + u"@20"_s;
    });
    QTRY_VERIFY_WITH_TIMEOUT(!m_model.isEmpty(), kPatienceMs);
}

void TestPanelValues::cleanupTestCase()
{
    m_selection.reset();
    m_session.reset(); // the host ends by itself soon after
    m_home.reset();
}

void TestPanelValues::mapsAreThoseOfTheFile()
{
    const QString file = m_home->path(u"all.npz"_s);
    const EngineAnswer written = m_home->run({u"inspect"_s, u"attention"_s, m_directory, u"--prompt"_s,
                                              m_text, u"--threads"_s, u"1"_s, u"--out"_s, file});
    QVERIFY2(written.exitCode == 0, qPrintable(written.all()));
    const Array all = arraysOf(file)[u"attention"_s];
    const auto numTokens = int(m_text.size());
    const auto panel = attention(7);
    for (const HeadRef &head : std::vector<HeadRef>{{1, 1}, {0, 0}}) {
        panel->goTo({.level = StageLevel::Head, .head = head, .pinnedToken = 7});
        panel->flush();
        const QString column = u"mean_"_s + QString::fromStdString(headName(head));
        QTRY_VERIFY_WITH_TIMEOUT(panel->table().section(u'\n', 0, 0).contains(column) &&
                                     mapOf(*panel->snapshot(), head) &&
                                     panel->snapshot()->report.maps.front().head == head,
                                 kPatienceMs);
        panel->flush();
        const QList<QStringList> rows = rowsOf(panel->table());
        QCOMPARE(rows.size(), 1 + numTokens * numTokens);
        for (int row = 0; row < numTokens; ++row)
            for (int key = 0; key < numTokens; ++key) {
                const qsizetype at =
                    (head.layer * 2 + head.head) * numTokens * numTokens + row * numTokens + key;
                const QStringList &cells = rows[1 + row * numTokens + key];
                QVERIFY2(isClose(cells[4].toDouble(), all.floatAt(at)), qPrintable(cells.join(u' ')));
            }
    }
}

void TestPanelValues::keptStepsAreThoseOfTheFile_data()
{
    QTest::addColumn<bool>("isStarred");
    QTest::addColumn<QList<int>>("steps");
    QTest::newRow("all heads") << false << QList{0, 1, 20};
    QTest::newRow("a starred head") << true << QList{0, 1, 4, 8, 12, 16, 20};
}

/// What is scrubbed through is what `inspect frames` writes.
void TestPanelValues::keptStepsAreThoseOfTheFile()
{
    QFETCH(const bool, isStarred);
    QFETCH(const QList<int>, steps);
    const QString file = m_home->path(u"kept-%1.npz"_s.arg(isStarred));
    QStringList arguments{u"inspect"_s, u"frames"_s, m_directory, u"--out"_s, file};
    if (isStarred) arguments << u"--starred"_s;
    const EngineAnswer written = m_home->run(arguments);
    QVERIFY2(written.exitCode == 0, qPrintable(written.all()));
    const auto arrays = arraysOf(file);
    const Array all = arrays[u"attention"_s];
    const HeadRef head = isStarred ? HeadRef{1, 1} : HeadRef{0, 1};
    const qsizetype place = isStarred ? 0 : 1, numHeads = isStarred ? 1 : 4;
    AttentionPanel panel(*m_session);
    panel.resize(1200, 800);
    panel.show();
    panel.setRun(m_model.section(u'@', 0, 0));
    panel.goTo({.level = StageLevel::Head, .head = head});
    QTRY_COMPARE_WITH_TIMEOUT(qsizetype(panel.feed()->steps().size()), steps.size(), kPatienceMs);
    for (qsizetype i = 0; i < steps.size(); ++i) {
        panel.feed()->goToStep(steps[i]);
        QTRY_VERIFY_WITH_TIMEOUT(panel.snapshot() && panel.snapshot()->report.step == steps[i], kPatienceMs);
        panel.flush();
        const qsizetype numTokens = panel.numTokens(), numCells = numTokens * numTokens;
        const QList<QStringList> rows = rowsOf(panel.table());
        QCOMPARE(rows.size(), 1 + numCells);
        for (qsizetype cell = 0; cell < numCells; ++cell)
            QVERIFY2(isClose(rows[1 + cell][4].toDouble(), all.floatAt((i * numHeads + place) * numCells + cell)),
                     qPrintable(rows[1 + cell].join(u' ')));
    }
}

void TestPanelValues::summariesAndWhatComesNext()
{
    const QJsonObject report = look({u"--token"_s, u"7"_s});
    const auto panel = attention(7);
    const QJsonArray candidates = report[u"candidates"_s].toArray();
    const InspectReport &shown = panel->snapshot()->report;
    QVERIFY(shown.candidates.size() >= 5);
    QCOMPARE(shown.token, int64_t(7));
    for (const TokenAlternative &one : shown.candidates)
        if (const double p = probabilityOf(candidates, one.id); !std::isnan(p))
            QVERIFY(isClose(one.probability, p));
    QVERIFY(isClose(panel->stage()->side()->candidateBars()->rows().front().values.front(),
                    candidates.first().toObject()[u"p"_s].toDouble()));
    panel->goTo({.level = StageLevel::Overview, .head = {0, 0}});
    panel->flush();
    const QList<QStringList> rows = rowsOf(panel->table());
    const QJsonArray summaries = report[u"summaries"_s].toArray();
    QCOMPARE(rows.size(), 1 + summaries.size());
    for (qsizetype i = 0; i < summaries.size(); ++i) {
        const QJsonObject summary = summaries[i].toObject();
        int column = 2;
        for (const char *key : {"entropy", "distance", "first_mass", "self_mass"})
            QVERIFY2(isClose(rows[1 + i][column++].toDouble(), summary[QLatin1String(key)].toDouble()), key);
    }
}

void TestPanelValues::theMicroscopeReadsTheSame()
{
    const QJsonObject report =
        look({u"--token"_s, u"7"_s, u"--lens"_s, u"--attribution"_s, u"--alternatives"_s, u"20"_s});
    Selection selection;
    MicroscopePanel panel(*m_session, selection);
    panel.resize(360, 900);
    panel.show();
    selection.set(focus(7), &m_other);
    QTRY_VERIFY_WITH_TIMEOUT(panel.feed()->isCurrent(), kPatienceMs);
    const InspectReport &shown = panel.feed()->shown()->report;
    const QJsonArray candidates = report[u"candidates"_s].toArray(), lens = report[u"lens"_s].toArray(),
                     attribution = report[u"attribution"_s].toArray();
    QCOMPARE(shown.candidates.size(), size_t(candidates.size()));
    for (const TokenAlternative &one : shown.candidates)
        QVERIFY(isClose(one.probability, probabilityOf(candidates, one.id)));
    QCOMPARE(shown.lens.size(), size_t(lens.size()));
    for (size_t i = 0; i < shown.lens.size(); ++i)
        QVERIFY(isClose(shown.lens[i].entropy, lens[qsizetype(i)].toObject()[u"entropy"_s].toDouble()));
    QCOMPARE(shown.attribution.size(), size_t(attribution.size()));
    for (size_t i = 0; i < shown.attribution.size(); ++i)
        QVERIFY(isClose(shown.attribution[i], attribution[qsizetype(i)].toDouble()));
}

void TestPanelValues::theMemoryIsThatOfTheFile()
{
    InspectRequest request{.input = *m_request, .wantsOverview = false};
    QVERIFY(divergenceOf(request) >= 0); // the model is loaded
    bool isLoaded = false;
    const auto loading =
        m_session->editMemory(m_model, {.verb = MemoryVerb::Load, .path = m_memory.toStdString()}, this,
                              [&isLoaded](const Result<MemoryReport> &loaded) {
                                  if (!loaded) qFatal("%s", loaded.error().text().c_str());
                                  isLoaded = true;
                              });
    QTRY_VERIFY_WITH_TIMEOUT(isLoaded, kPatienceMs);
    memory_ui::MemoryPanel panel(*m_session);
    panel.resize(1000, 700);
    panel.setModel(m_model);
    panel.show();
    QTRY_VERIFY_WITH_TIMEOUT(panel.events()->rowCount() > 0, kPatienceMs);
    const QStringList memory{u"inspect"_s, u"memory"_s,   m_directory, u"--prompt"_s,
                             m_text,       u"--memory"_s, m_memory};
    const QJsonArray events = json(memory)[u"memory"_s].toObject()[u"events"_s].toArray();
    QCOMPARE(panel.events()->rowCount(), int(events.size()));
    const MemoryEvent &shown = panel.events()->events().front();
    const QJsonArray stored = events.first().toObject()[u"stored"_s].toArray();
    QCOMPARE(shown.slots.size(), size_t(stored.size()));
    for (size_t i = 0; i < shown.slots.size(); ++i) {
        const QJsonObject slot = stored[qsizetype(i)].toObject();
        QCOMPARE(shown.slots[i], slot[u"slot"_s].toInteger());
        QVERIFY(isClose(shown.surprises[i], slot[u"surprise"_s].toDouble()));
        QVERIFY(isClose(shown.strengths[i], slot[u"strength"_s].toDouble()));
    }
    // What is read of it behind a text that is typed into the panel.
    panel.findChild<SegmentedChoice *>(u"memoryTabs"_s)->button(u"reads"_s)->click();
    panel.reads()->setPrompt(m_text);
    panel.findChild<QPushButton *>(u"lookButton"_s)->click();
    const auto &reads = panel.reads()->model()->report().reads;
    QTRY_VERIFY_WITH_TIMEOUT(!reads.empty(), kPatienceMs);
    const QJsonArray read = json(memory)[u"reads"_s].toArray();
    QCOMPARE(reads.size(), size_t(read.size()));
    MemoryRead::Slot mostRead; // of an event
    mostRead.event = -1;
    for (size_t i = 0; i < reads.size(); ++i) {
        const QJsonObject other = read[qsizetype(i)].toObject();
        const QJsonArray others = other[u"slots"_s].toArray();
        QVERIFY(isClose(reads[i].gate, other[u"gate"_s].toDouble()));
        QCOMPARE(reads[i].slots.size(), size_t(others.size()));
        for (size_t k = 0; k < reads[i].slots.size(); ++k) {
            const MemoryRead::Slot &slot = reads[i].slots[k];
            const QJsonObject expected = others[qsizetype(k)].toObject();
            QCOMPARE(slot.slot, expected[u"slot"_s].toInteger());
            QCOMPARE(slot.event, expected[u"event"_s].toInteger(-1));
            QVERIFY(isClose(slot.weight, expected[u"weight"_s].toDouble()));
            if (slot.event >= 0 && (mostRead.event < 0 || slot.weight > mostRead.weight)) mostRead = slot;
        }
    }
    QVERIFY(mostRead.event >= 0);
    // And what would be said without the event that is read most.
    const QString edit = u"forget %1"_s.arg(mostRead.event);
    const double expected = json(memory + QStringList{u"--edit"_s, edit})[u"changed_divergence"_s].toDouble();
    QVERIFY(expected > 0);
    request.withMemory = true;
    request.memoryEdits = {{.verb = MemoryVerb::Forget, .event = mostRead.event}};
    const double divergence = divergenceOf(request);
    QVERIFY2(isClose(divergence, expected), qPrintable(u"%1 %2"_s.arg(divergence).arg(expected)));
}

/// An answer with a memory that was loaded: what the microscope says of its tokens is what was told with them.
void TestPanelValues::whyItWasSaidIsReadFromItsState()
{
    GenerateRequest asked;
    asked.prompt = "the quick brown fox was seen by";
    asked.source = "another tale";
    asked.sampling = {.maxTokens = 40, .temperature = 0.8, .seed = 3, .numAlternatives = 0};
    std::vector<GeneratedToken> said;
    int64_t numGiven = -1;
    const auto generation = m_session->generate(m_model, asked);
    connect(generation.get(), &GenerationHandle::tokens, this, [&said](const std::vector<GeneratedToken> &tokens) {
        said.insert(said.end(), tokens.begin(), tokens.end());
    });
    connect(generation.get(), &GenerationHandle::failed, this, [](const Error &error) { qFatal("%s", error.text().c_str()); });
    connect(generation.get(), &GenerationHandle::finished, this,
            [&numGiven](const GenerateSummary &summary) { numGiven = summary.promptTokens; });
    QTRY_VERIFY_WITH_TIMEOUT(numGiven >= 0, kPatienceMs);
    QVERIFY(said.size() > 20);
    for (const GeneratedToken &token : said) asked.answerIds.push_back(token.id);
    m_request = std::make_shared<const GenerateRequest>(asked);
    Selection selection;
    MicroscopePanel panel(*m_session, selection);
    panel.resize(360, 900);
    panel.show();
    size_t numOfEvents = 0;
    for (const size_t i : {size_t(0), size_t(9), said.size() - 1}) {
        const int64_t token = numGiven - 1 + int64_t(i);
        selection.set(focus(token), &m_other);
        QTRY_VERIFY_WITH_TIMEOUT(panel.feed()->isCurrent() && panel.feed()->shown()->report.token == token, kPatienceMs);
        const InspectReport &shown = panel.feed()->shown()->report;
        QVERIFY(shown.saidWith == SaidWith::State);
        const double probability = std::exp(-shown.tokens.at(size_t(token) + 1).surprise);
        QVERIFY2(std::abs(probability - said[i].probability) < 1e-5,
                 qPrintable(u"%1: %2, said with %3"_s.arg(i).arg(probability).arg(said[i].probability)));
        QVERIFY(!shown.attribution.empty()); // by a question of its own
        QCOMPARE(shown.maps.size(), size_t(1));
        for (const MemoryRead &read : shown.reads)
            for (const MemoryRead::Slot &slot : read.slots) numOfEvents += slot.event >= 0;
    }
    QVERIFY(numOfEvents > 0);

    // The attention panel reads all of it so: its rows are those that the microscope has of a token.
    AttentionPanel heads(*m_session);
    heads.resize(1000, 700);
    heads.show();
    heads.setSelection(&selection);
    const auto isSaid = [&heads] {
        return heads.snapshot() && heads.snapshot()->report.saidWith == SaidWith::State;
    };
    QTRY_VERIFY_WITH_TIMEOUT(isSaid(), kPatienceMs);
    const AttentionMap &row = panel.feed()->shown()->report.maps.front();
    const AttentionMap *map = mapOf(*heads.snapshot(), row.head);
    QVERIFY(map && map->rowsPerCell == 1 && map->numRows > 10);
    const int64_t token = panel.feed()->shown()->report.token;
    QCOMPARE(row.firstColumn, map->firstColumn);
    for (int64_t column = 0; column < row.numColumns; ++column) {
        const float there = map->mean[size_t((token - map->firstRow) * map->numColumns + column)];
        QVERIFY(std::abs(there - row.mean[size_t((row.numRows - 1) * row.numColumns + column)]) < 1e-5F);
    }
    QVERIFY(QString::fromStdString(heads.snapshot()->report.note).startsWith(u"Read with what it remembered when this was said."_s));
}

int main(int argc, char **argv)
{
    qputenv("QT_QPA_PLATFORM", "offscreen");
    QApplication application(argc, argv);
    Theme::instance().apply(application, ThemeKind::Light);
    TestPanelValues test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_panel_values.moc"
