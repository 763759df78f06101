// SPDX-License-Identifier: GPL-3.0-or-later
// Draws the panels in all their states into PNG files, to be looked at: empty, sample, error; light and dark;
// two sizes. Usage: panel_pictures FOLDER [part of a name]. No test: a picture is judged by people.
#include "tests/widgets/attention/attention_samples.h"
#include "tests/widgets/common/fake_session.h"
#include "tests/widgets/plugins/plugin_samples.h"

#include "core/spec/field_record.h"
#include "core/spec/field_table.h"
#include "widgets/attention/attention_panel.h"
#include "widgets/attention/attention_stage.h"
#include "widgets/attention/frame_feed.h"
#include "widgets/attention/frame_slider.h"
#include "widgets/attention/head_page.h"
#include "widgets/attention/overview_page.h"
#include "widgets/attention/prompt_bar.h"
#include "widgets/attention/scrubber.h"
#include "widgets/common/field_editor.h"
#include "widgets/common/number_text.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/form/estimate_card.h"
#include "widgets/form/new_run_panel.h"
#include "widgets/form/spec_form.h"
#include "widgets/play/attachment_bar.h"
#include "widgets/play/conversation_pane.h"
#include "widgets/play/conversation_view.h"
#include "widgets/play/playground_panel.h"
#include "widgets/play/sampling_form.h"
#include "widgets/play/token_view.h"
#include "widgets/plugins/plugin_details.h"
#include "widgets/plugins/plugin_settings_form.h"
#include "widgets/plugins/plugins_panel.h"
#include "widgets/runs/log_panel.h"
#include "widgets/runs/run_controls.h"
#include "widgets/runs/run_list_panel.h"
#include "widgets/runs/run_panel.h"
#include "widgets/runs/samples_view.h"
#include "widgets/theme/theme.h"

#include <QApplication>
#include <QBuffer>
#include <QComboBox>
#include <QDir>
#include <QElapsedTimer>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLineEdit>
#include <QPainter>
#include <QPlainTextEdit>
#include <QTableView>
#include <QTemporaryDir>
#include <QToolButton>

#include <cmath>
#include <cstdio>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

namespace {

QString folder, wanted;

void settle(int milliseconds)
{
    QElapsedTimer timer;
    timer.start();
    while (timer.elapsed() < milliseconds) QApplication::processEvents(QEventLoop::AllEvents, 20);
}

/// Files are read in the background. Ends the program where they never come: the picture would lie.
void waitForFiles(PlaygroundPanel &panel)
{
    QElapsedTimer timer;
    timer.start();
    while (panel.attachments()->isReading() || panel.messageAttachments()->isReading() ||
           panel.conversation()->isReading()) {
        if (timer.elapsed() > 60'000) qFatal("the files were not read within a minute");
        settle(20);
    }
}

void shoot(QWidget &widget, const QString &name, QSize size)
{
    QWidget ground; // a panel stands on the window's ground
    auto place = [&](ThemeKind kind, const QString &theme) {
        Theme::instance().apply(*qApp, kind);
        settle(30);
        const QPixmap panel = widget.grab();
        QPixmap picture(size + QSize(16, 16));
        picture.fill(Theme::instance().tokens().window);
        QPainter painter(&picture);
        painter.drawPixmap(8, 8, panel);
        painter.end();
        picture.save(folder + u'/' + name + u'-' + theme + u".png"_s);
    };
    widget.resize(size);
    widget.show();
    settle(500);
    place(ThemeKind::Light, u"light"_s);
    place(ThemeKind::Dark, u"dark"_s);
    Theme::instance().apply(*qApp, ThemeKind::Light);
    std::printf("%s\n", qPrintable(name));
}

bool isWanted(const QString &name) { return wanted.isEmpty() || name.contains(wanted); }

std::vector<SeriesData> lossCurve(double end, bool hasNaN = false)
{
    SeriesData data{"loss", 60, {}};
    for (int i = 0; i < 60; ++i) {
        SeriesBucket bucket;
        bucket.mean = bucket.last = end + 2.5 * std::exp(-i / 12.0) + 0.05 * std::sin(i * 2.3);
        if (hasNaN && i > 45) {
            bucket.numNonFinite = 1;
            bucket.last = NAN;
        }
        data.buckets.push_back(bucket);
    }
    return {data};
}

void fill(FakeSession &session)
{
    RunStatus training = fakeRun("code-7M", RunState::Running, 5'000);
    RunStatus finished = fakeRun("shakes", RunState::Finished, 4'000);
    finished.step = finished.totalSteps = 12'000;
    finished.loss = 1.660;
    RunStatus paused = fakeRun("code-7M-b", RunState::Paused, 3'000);
    paused.step = 6'400;
    paused.loss = 1.498;
    RunStatus failed = fakeRun("lr-3e-2", RunState::Failed, 2'000);
    failed.error = "loss is NaN at step 2,310";
    failed.loss = NAN;
    RunStatus crashed = fakeRun(
        "a-run-with-a-very-long-name-that-somebody-made-with-a-script-2026-11-23-lr-0.001-wd-0.1-seed-1337",
        RunState::Crashed, 1'900);
    RunStatus created = fakeRun("not-yet", RunState::Created, 1'800);
    RunStatus stopped = fakeRun("stopped-early", RunState::Stopped, 1'700);
    RunStatus stale = fakeRun("silent", RunState::Running, 1'600);
    stale.lastReportAt = 10'000 - 140;
    session.runList = {training, finished, paused, failed, crashed, created, stopped, stale};
    double end = 1.2;
    for (const RunStatus &run : session.runList)
        session.seriesData[QString::fromStdString(run.id)] =
            lossCurve(end += 0.1, run.state == RunState::Failed);
    RunSpec spec;
    spec.data.path = "/usr/include/c++";
    spec.name = "code-7M";
    session.specs[u"code-7M"_s] = QString::fromStdString(specToJson(spec));
    std::vector<RunEvent> events;
    auto add = [&](EventKind kind, int64_t step, const std::string &text, const std::string &payload = {}) {
        RunEvent event;
        event.id = static_cast<int64_t>(events.size()) + 1;
        event.step = step;
        event.wallTime = 8'300 + static_cast<double>(step) / 5;
        event.kind = kind;
        event.text = text;
        event.payload = payload;
        events.push_back(event);
    };
    add(EventKind::Started, 0, "Training started on cpu with 2 threads.");
    for (int step = 1'000; step <= 8'000; step += 1'000) {
        add(EventKind::Sample, step, "2 samples",
            R"({"prompt":"template <","text":"typename T>\nstruct is_same<T, T> :\n  public true_type { };\n\n/// A helper that is used by\n/// the allocator of this container."})");
        add(EventKind::Checkpoint, step, "Saved step " + std::to_string(step) + ", 81 MiB, verified.");
        if (step == 3'000)
            add(EventKind::Setting, 3'120, "Learning rate factor is 0.5 from here on.",
                R"({"key":"lr_factor","value":0.5})");
        if (step == 5'000)
            add(EventKind::Warning, 5'300, "Disk has 3.1 GiB left; checkpoints need 81 MiB each.");
    }
    session.events[u"code-7M"_s] = events;
    std::vector<CheckpointInfo> checkpoints;
    for (int step : {6'000, 7'000, 8'000}) {
        CheckpointInfo checkpoint;
        checkpoint.step = step;
        checkpoint.valLoss = 1.9 - step / 22'000.0;
        checkpoint.isBest = step == 8'000;
        checkpoint.isVerified = true;
        checkpoint.numBytes = 85'000'000;
        checkpoint.wallTime = 8'300 + step / 5.0;
        checkpoints.push_back(checkpoint);
    }
    session.checkpoints[u"code-7M"_s] = checkpoints;
    session.dataDescription =
        uR"({"format":"folder","files":1204,"documents":1204,"bytes":18350080,"train_tokens":16515072,
        "val_tokens":1835008,"num_skipped":2,"first_text":"// <algorithm> -*- C++ -*-\n\n// Copyright (C) 2001-2022 Free Software\n// Foundation, Inc.\n"})"_s;
}

std::vector<GeneratedToken> sampleTokens(const std::string &text)
{
    std::vector<GeneratedToken> tokens;
    unsigned state = 12'345;
    for (char byte : text) {
        state = state * 1'664'525 + 1'013'904'223;
        GeneratedToken token;
        token.id = static_cast<uint8_t>(byte);
        token.bytes = std::string(1, byte);
        token.probability = std::pow((state >> 8) / 16'777'216.0, byte == ' ' ? 0.2 : 0.6);
        token.entropy = 2.2 * (1 - token.probability);
        double rest = 1 - token.probability, p = token.probability;
        token.alternatives.push_back({token.id, token.bytes, p});
        for (int i = 0; i < 9; ++i) {
            p = rest * 0.45;
            rest -= p;
            const char other = "et\n (a;_x"[i];
            token.alternatives.push_back({other, std::string(1, other), p});
        }
        std::sort(token.alternatives.begin(), token.alternatives.end(),
                  [](const TokenAlternative &a, const TokenAlternative &b) {
                      return a.probability > b.probability;
                  });
        tokens.push_back(token);
    }
    return tokens;
}

void shootRuns()
{
    {
        FakeSession empty;
        RunListPanel list(empty);
        shoot(list, u"runs-empty"_s, {280, 500});
        RunPanel panel(empty);
        shoot(panel, u"run-empty"_s, {320, 500});
    }
    FakeSession session;
    fill(session);
    RunListPanel list(session);
    list.setRun(u"code-7M"_s);
    shoot(list, u"runs-sample"_s, {280, 500});
    shoot(list, u"runs-sample-wide"_s, {420, 500});
    RunControls controls(session);
    RunPanel panel(session);
    panel.setControls(&controls);
    panel.setRun(u"code-7M"_s);
    controls.setRun(u"code-7M"_s);
    shoot(panel, u"run-sample"_s, {320, 700});
    for (const char *tab : {"checkpoints", "events", "spec"}) {
        panel.showTab(QString::fromLatin1(tab));
        shoot(panel, u"run-"_s + QString::fromLatin1(tab), {320, 700});
    }
    panel.showTab(u"checkpoints"_s);
    shoot(panel, u"run-checkpoints-wide"_s, {460, 900});
    panel.showLiveSettings(true);
    shoot(panel, u"run-live"_s, {320, 700});
    panel.showLiveSettings(false);
    panel.setRun(QString::fromStdString(session.runList[4].id));
    shoot(panel, u"run-crashed-long"_s, {320, 700});
    LogPanel log(session);
    log.setRun(u"code-7M"_s);
    shoot(log, u"log"_s, {800, 260});
    session.setConnection(ConnectionState::Lost, u"The host on this computer ended unexpectedly."_s);
    shoot(list, u"runs-lost"_s, {280, 500});
}

/// As the hierarchical memory says it, shortened.
PluginInfo memoryPlugin()
{
    PluginInfo plugin = samplePlugin("memory");
    plugin.name = "Hierarchical memory";
    const auto size = [](const char *key, const char *label) {
        return uR"({"key":"%1","label":"%2","type":"integer","default":0,"minimum":0,"effect":"0: none."})"_s
            .arg(QLatin1String(key), QLatin1String(label));
    };
    const QStringList settings{size("registers", "Registers"), size("episodic_size", "Episodic memory"),
                               size("semantic_size", "Semantic memory")};
    plugin.settings =
        *pluginFieldsFromText("memory", "Memory", toStd(uR"({"settings":[%1]})"_s.arg(settings.join(u','))));
    plugin.costs = {{"registers", "on(registers) * 8 * width * width", "on(registers) * 4 * width * width",
                     "on(registers) * 10 * width", "registers * width"},
                    {"episodic", "on(episodic_size) * width", "-on(episodic_size) * 7 * width * context / 6",
                     "on(episodic_size) * 6 * width", "episodic_size * (2 * width + 16)"},
                    {"semantic", "semantic_size * width + on(semantic_size) * 2 * width * width",
                     "max(0, semantic_size - 32) * width", "on(semantic_size) * 6 * width", ""}};
    return plugin;
}

/// All modules on: what each costs, beside the form, under it, and in cards of several widths.
void shootModules(NewRunPanel &panel)
{
    for (const auto &[key, value] :
         std::initializer_list<std::pair<QString, QString>>{{u"attention.num_modalities"_s, u"3"_s},
                                                            {u"objective.name"_s, u"hybrid"_s},
                                                            {u"plugins.use"_s, u"memory"_s},
                                                            {u"plugins.memory.registers"_s, u"8"_s},
                                                            {u"plugins.memory.episodic_size"_s, u"4096"_s},
                                                            {u"plugins.memory.semantic_size"_s, u"16384"_s},
                                                            {u"continual.strategy"_s, u"rehearsal"_s},
                                                            {u"model.window"_s, u"64"_s}})
        panel.form()->setGiven(key, value);
    shoot(panel, u"form-modules"_s, {900, 720});
    shoot(panel, u"form-modules-under"_s, {600, 1000});
    EstimateCard card;
    card.setEstimate(panel.form()->builder().preview(), *panel.form()->table(), {}, 0, 16515072);
    shoot(card, u"form-modules-360"_s, {360, 660});
    shoot(card, u"form-modules-240"_s, {240, 660});
    shoot(card, u"form-modules-wide"_s, {520, 660});
}

void shootForm()
{
    FakeSession session;
    fill(session);
    session.plugins.plugins = {memoryPlugin()};
    NewRunPanel panel(session);
    panel.setExamplePath([] { return u"/usr/include/c++/12"_s; });
    shoot(panel, u"form-empty"_s, {900, 720});
    panel.form()->setGiven(u"data.path"_s, u"/usr/include/c++/12"_s);
    panel.form()->setGiven(u"train.steps"_s, u"20000"_s);
    panel.form()->setGiven(u"name"_s, u"code-7M"_s);
    shoot(panel, u"form-sample"_s, {900, 720});
    shoot(panel, u"form-narrow"_s, {480, 760});
    for (const QString &group : {u"Modalities"_s, u"Continual learning"_s})
        if (auto *more = panel.findChild<QToolButton *>(u"more_"_s + group)) more->click();
    panel.form()->setGiven(u"continual.stages"_s,
                           u"[\"/home/ada/texts/news-2024\",\"/home/ada/texts/news-2025\"]"_s);
    panel.findChild<QLineEdit *>(u"formSearch"_s)->setText(u"modalit"_s);
    shoot(panel, u"form-modalities"_s, {900, 620});
    panel.findChild<QLineEdit *>(u"formSearch"_s)->setText(u"continual"_s);
    shoot(panel, u"form-continual"_s, {900, 620});
    panel.findChild<QLineEdit *>(u"formSearch"_s)->clear();
    const QString before = panel.draftJson();
    shootModules(panel);
    panel.restoreDraft(before);
    panel.form()->setGiven(u"model.heads"_s, u"7"_s);
    panel.form()->setGiven(u"train.steps"_s, u"many"_s);
    panel.form()->presets()->button(u"gpt2"_s)->click();
    session.info.memoryBytes = quint64{4} << 30;
    panel.form()->setGiven(u"train.batch_size"_s, u"64"_s);
    shoot(panel, u"form-error"_s, {1200, 900});
}

void shootPlay()
{
    {
        FakeSession empty;
        PlaygroundPanel panel(empty);
        shoot(panel, u"play-empty"_s, {1000, 700});
    }
    FakeSession session;
    fill(session);
    PlaygroundPanel panel(session);
    panel.setModel(u"code-7M@8000"_s);
    panel.promptEditor()->setPlainText(u"template <"_s);
    shoot(panel, u"play-ready"_s, {1000, 700});
    panel.generate();
    auto handle = session.generations.back().handle;
    Q_EMIT handle->modelLoaded({u"code-7M@8000"_s, 8'000, 7'100'000, 128, {}});
    const std::string text =
        "typename _Tp, typename _Alloc>\n    class vector : protected _Vector_base<_Tp, _Alloc>\n    {\n"
        "#ifdef _GLIBCXX_CONCEPT_CHECKS\n      // Concept requirements.\n      typedef typename "
        "_Alloc::value_type\t_Alloc_value_type;\n"
        "#endif\n      naïve 漢字 \xE2\x82 سلام 😀 end\n    };\n";
    Q_EMIT handle->tokens(sampleTokens(text));
    GenerateSummary summary;
    summary.reason = FinishReason::MaxTokens;
    summary.promptTokens = 10;
    summary.promptSeconds = 0.034;
    summary.decodeSeconds = 2.1;
    Q_EMIT handle->finished(summary);
    shoot(panel, u"play-sample"_s, {1000, 700});
    panel.findChild<QToolButton *>(u"colorTokens"_s)->setChecked(true);
    panel.transcript()->setCurrentToken(42, true);
    shoot(panel, u"play-coloured"_s, {1000, 700});
    shoot(panel, u"play-coloured-wide"_s, {1600, 900});
    panel.setInfill(true);
    panel.promptEditor()->setPlainText(u"  bool empty() const\n  { return "_s);
    panel.afterEditor()->setPlainText(u"; }\n\n  size_type size() const noexcept\n  { return _M_size; }\n"_s);
    panel.generate();
    handle = session.generations.back().handle;
    Q_EMIT handle->modelLoaded({u"code-7M@8000"_s, 8'000, 7'100'000, 128, {}});
    Q_EMIT handle->tokens(sampleTokens("begin() == end()"));
    summary.reason = FinishReason::EndOfInfill;
    summary.promptTokens = 98;
    Q_EMIT handle->finished(summary);
    panel.transcript()->setCurrentToken(9, true);
    shoot(panel, u"play-infill"_s, {1000, 700});
    shoot(panel, u"play-infill-narrow"_s, {640, 480});
    panel.setInfill(false);
    panel.generate();
    handle = session.generations.back().handle;
    Q_EMIT handle->modelLoaded({u"code-7M@7000"_s, 7'000, 7'100'000, 128,
                                u"Checkpoint 8000 is damaged (tensor blocks.3.ffn.down); loaded 7000."_s});
    Q_EMIT handle->tokens(sampleTokens("class "));
    Q_EMIT handle->failed(Error{ErrorCode::Unavailable,
                                "Cannot go on generating with \"code-7M@7000\": its worker ended.",
                                "Try again; the run itself is not touched."});
    shoot(panel, u"play-error"_s, {1000, 700});
}

void shootAttachments()
{
    FakeSession session;
    fill(session);
    PlaygroundPanel panel(session);
    panel.setModel(u"code-7M@8000"_s);
    QTemporaryDir files;
    QImage picture(640, 480, QImage::Format_RGB32);
    QPainter painter(&picture);
    QLinearGradient ground(0, 0, 640, 480);
    ground.setColorAt(0, QColor(0x2457D6));
    ground.setColorAt(1, QColor(0xE5A445));
    painter.fillRect(picture.rect(), ground);
    painter.end();
    const QString path = files.filePath(u"a picture with a rather long name, 2026-11-25.png"_s);
    picture.save(path);
    QFile sound(files.filePath(u"hum.wav"_s));
    if (!sound.open(QIODevice::WriteOnly)) return;
    sound.write(QByteArray("RIFF\x24\0\0\0WAVEfmt ", 16) + QByteArray(240'000, 'x'));
    sound.close();
    panel.promptEditor()->setPlainText(u"What is to be seen here?"_s);
    panel.attachments()->addFiles({path, sound.fileName()});
    waitForFiles(panel);
    shoot(panel, u"attach-two"_s, {1000, 700});
    panel.attachments()->addFiles({u"/etc/hostname"_s, u"/etc/passwd"_s});
    panel.attachments()->addImage(picture.scaled(300, 300));
    panel.attachments()->remove(1);
    waitForFiles(panel);
    shoot(panel, u"attach-error"_s, {1000, 700});
    shoot(panel, u"attach-narrow"_s, {660, 560});
}

void shootTalk()
{
    FakeSession session;
    fill(session);
    PlaygroundPanel panel(session);
    panel.setModel(u"code-7M@8000"_s);
    panel.setMode(PlayMode::Converse);
    ConversationPane &talk = *panel.conversation();
    shoot(panel, u"talk-empty"_s, {1000, 700});
    talk.editSystemText();
    panel.messageEditor()->setPlainText(u"You answer in one sentence, in plain words."_s);
    shoot(panel, u"talk-system"_s, {1000, 700});
    panel.generate();
    const auto exchange = [&](const QString &said, const std::string &text, bool isEnding = true) {
        panel.messageEditor()->setPlainText(said);
        panel.generate();
        auto handle = session.generations.back().handle;
        Q_EMIT handle->modelLoaded({u"code-7M@8000"_s, 8'000, 7'100'000, 128, {}});
        Q_EMIT handle->tokens(sampleTokens(text));
        GenerateSummary summary;
        summary.reason = FinishReason::EndOfTurn;
        summary.promptTokens = 1'240;
        summary.reusedTokens = 1'198;
        summary.promptSeconds = 0.034;
        summary.decodeSeconds = 2.1;
        if (isEnding) Q_EMIT handle->finished(summary);
    };
    exchange(u"What is a palindrome?"_s, "A word that reads the same from both ends, such as \"level\".");
    exchange(
        u"Write a function that tells whether a text is one. Ignore blanks and case, and say in a comment "
        u"what "
        "happens to an empty text."_s,
        "bool isPalindrome(std::string_view text)\n{\n    // An empty text reads the same from both ends.\n"
        "    for (size_t i = 0, j = text.size(); i < j; ++i)\n        if (text[i] != text[--j]) return "
        "false;\n"
        "    return true;\n}\n");
    shoot(panel, u"talk-sample"_s, {1000, 700});
    panel.regenerate();
    Q_EMIT session.generations.back().handle->tokens(
        sampleTokens("It compares the first character with the last, "));
    panel.findChild<QToolButton *>(u"colorTokens"_s)->setChecked(true);
    talk.view()->setCurrentToken(2, 12, true);
    talk.view()->setFocus();
    shoot(panel, u"talk-coloured"_s, {1000, 700});
    Theme::instance().apply(*qApp, ThemeKind::HighContrast);
    settle(200);
    panel.grab().save(folder + u"/talk-contrast.png"_s);
    Theme::instance().apply(*qApp, ThemeKind::Light);
    shoot(panel, u"talk-narrow"_s, {660, 640});
    panel.stop();
    talk.editTurn(1);
    shoot(panel, u"talk-edit"_s, {1000, 700});
    talk.cancelEditing();
    for (int i = 0; i < 40; ++i)
        exchange(u"And the next one?"_s, "It is much like the one before, only longer.");
    panel.messageEditor()->setPlainText(u"What did I ask first?"_s);
    panel.generate();
    Q_EMIT session.generations.back().handle->failed(Error{
        ErrorCode::InvalidInput,
        "Cannot answer: the model's vocabulary has no role tokens (data.special_tokens is none), expected a "
        "model with them.",
        "Continue a prompt instead, or train with data.special_tokens=default."});
    shoot(panel, u"talk-error"_s, {1000, 700});
    shoot(panel, u"talk-wide"_s, {1600, 900});
}

QImage shapesPicture(int number)
{
    QImage picture(96, 96, QImage::Format_RGB32);
    picture.fill(QColor(0xF6F4EE));
    QPainter painter(&picture);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    const QColor colors[] = {QColor(0xC62F3B), QColor(0x2457D6), QColor(0x1F8A5B), QColor(0xE69F00)};
    for (int i = 0; i < 3; ++i) {
        painter.setBrush(colors[(i + number) % 4]);
        const QRect place(6 + 30 * i, 8 + 28 * ((i * 2 + number) % 3), 24, 24);
        if ((i + number) % 2 == 0)
            painter.drawEllipse(place);
        else
            painter.drawRect(place);
    }
    return picture;
}

/// Three tones of 16 bit at 8 kHz.
QByteArray tonesWav()
{
    QByteArray samples;
    for (int i = 0; i < 6'000; ++i) {
        const int within = i % 2'000;
        const double level =
            within > 1'500 ? 0 : std::sin(3.14159 * within / 1'500) * (0.4 + 0.25 * (i / 2'000));
        const auto value = static_cast<qint16>(32'000 * level * std::sin(i * 0.1 * (1 + i / 2'000)));
        samples.append(static_cast<char>(value & 0xff)).append(static_cast<char>(value >> 8));
    }
    const auto little = [](quint32 value, int count) {
        QByteArray bytes;
        for (int i = 0; i < count; ++i) bytes += static_cast<char>(value >> (8 * i));
        return bytes;
    };
    const QByteArray body = "WAVEfmt " + little(16, 4) + little(1, 2) + little(1, 2) + little(8'000, 4) +
                            little(16'000, 4) + little(2, 2) + little(16, 2) + "data" +
                            little(quint32(samples.size()), 4) + samples;
    return "RIFF" + little(quint32(body.size()), 4) + body;
}

void shootTalkMedia()
{
    FakeSession session;
    fill(session);
    PlaygroundPanel panel(session);
    panel.setModel(u"code-7M@8000"_s);
    panel.setMode(PlayMode::Converse);
    QTemporaryDir files;
    QStringList paths;
    for (int i = 0; i < 3; ++i) {
        paths << files.filePath(i == 2 ? u"a picture with a rather long name, 2026-11-25.png"_s
                                       : u"shapes-%1.png"_s.arg(i));
        shapesPicture(i).save(paths.back());
    }
    QFile sound(files.filePath(u"tones.wav"_s));
    if (!sound.open(QIODevice::WriteOnly)) return;
    sound.write(tonesWav());
    sound.close();
    paths << sound.fileName();
    const auto exchange = [&](const QStringList &attached, const QString &said, const std::string &text) {
        panel.messageAttachments()->addFiles(attached);
        waitForFiles(panel);
        panel.messageEditor()->setPlainText(said);
        const size_t before = session.generations.size();
        panel.generate();
        if (session.generations.size() == before) qFatal("the turn was not sent");
        auto handle = session.generations.back().handle;
        Q_EMIT handle->modelLoaded({u"code-7M@8000"_s, 8'000, 7'100'000, 128, {}});
        Q_EMIT handle->tokens(sampleTokens(text));
        GenerateSummary summary;
        summary.reason = FinishReason::EndOfTurn;
        summary.promptTokens = 1'240;
        summary.reusedTokens = 1'198;
        Q_EMIT handle->finished(summary);
    };
    exchange({paths[0]}, u"How many red shapes are there?"_s, "one");
    exchange({paths[1], paths[2], paths[3]}, u"Which of the two do you hear?"_s, "the second");
    exchange({paths[3]}, {}, "a circle, a square, a circle");
    panel.messageAttachments()->addFiles({paths[0], paths[3]});
    waitForFiles(panel);
    panel.messageEditor()->setPlainText(u"And this?"_s);
    shoot(panel, u"talkmedia-sample"_s, {1000, 900});
    shoot(panel, u"talkmedia-narrow"_s, {660, 760});
}

void shootMediaRun()
{
    FakeSession session;
    fill(session);
    std::vector<RunEvent> events;
    for (int i = 0; i < 3; ++i) {
        QByteArray png;
        QBuffer buffer(&png);
        buffer.open(QIODevice::WriteOnly);
        shapesPicture(i).scaled(32, 32, Qt::KeepAspectRatio, Qt::SmoothTransformation).save(&buffer, "PNG");
        QJsonArray levels;
        for (int k = 0; k < 60; ++k) levels.append(0.3 + 0.6 * std::abs(std::sin(k * 0.157)));
        QJsonObject payload{
            {u"prompt"_s, u"validation %1: [image: 16 patches] %2shapes: "_s.arg(
                              QString::number(i), i == 1 ? u"[audio: 15 tokens] "_s : QString())},
            {u"text"_s, u"red circle, blue square"_s},
            {u"expected"_s, u"red circle, blue square, green circle"_s},
            {u"pictures"_s, QJsonArray{QString::fromLatin1(png.toBase64())}}};
        if (i == 1) payload.insert(u"recordings"_s, QJsonArray{levels});
        RunEvent event;
        event.id = i + 1;
        event.step = 8'000;
        event.kind = EventKind::Sample;
        event.payload = QJsonDocument(payload).toJson(QJsonDocument::Compact).toStdString();
        events.push_back(event);
    }
    SamplesView samples;
    samples.appendEvents(events);
    shoot(samples, u"samples-media"_s, {420, 420});
    NewRunPanel panel(session);
    session.dataDescription = uR"({"format":"manifest","files":4120,"documents":3000,"bytes":48000000,
        "train_tokens":612000,"val_tokens":68000,"images":2800,"recordings":1200,"longest":160,"longest_recording":85,
        "front_end":{"patches":16,"patch_width":192},"splits":{"train":{"image":300000,"audio":90000}},
        "checks":[{"name":"length","ok":false,"text":"The longest document has 160 positions; of those above the context of 128 a stretch is taken at a time."}],
        "preview":"[image: 16 patches] how many red shapes? two",
        "mismatch":{"key":"attention.num_modalities","value":3,"message":"Cannot train on \"/data/scans/manifest.jsonl\": it has recordings, and attention.num_modalities is 1, expected 3.","hint":"Set attention.num_modalities to 3."}})"_s
                                  .replace(u'\n', u' ');
    panel.form()->setGiven(u"data.path"_s, u"/data/scans/manifest.jsonl"_s);
    panel.findChild<QLineEdit *>(u"formSearch"_s)->setText(u"modalit"_s);
    shoot(panel, u"formmedia-mismatch"_s, {900, 720});
    session.dataDescription.replace(u"mismatch"_s, u"settled"_s);
    panel.form()->setGiven(u"attention.num_modalities"_s, u"3"_s);
    settle(600);
    shoot(panel, u"formmedia-sample"_s, {900, 720});
}

void shootPlugins()
{
    {
        FakeSession empty;
        PluginsPanel panel(empty);
        shoot(panel, u"plugins-empty"_s, {900, 600});
    }
    FakeSession session;
    session.plugins.plugins = samplePlugins();
    PluginsPanel panel(session);
    shoot(panel, u"plugins-sample"_s, {1000, 640});
    panel.details()->settings()->editor(u"plugins.relu.scale"_s)->setGivenText(u"11"_s);
    Q_EMIT panel.details()->settings()->editor(u"plugins.relu.scale"_s)->edited();
    shoot(panel, u"plugins-error"_s, {1000, 640});
    panel.view()->selectRow(2);
    shoot(panel, u"plugins-refused"_s, {1000, 640});
    shoot(panel, u"plugins-narrow"_s, {520, 760});
}

void waitForAttention(AttentionPanel &panel)
{
    QElapsedTimer timer;
    timer.start();
    while (!panel.snapshot() || panel.feed()->isLoading()) {
        if (timer.elapsed() > 60'000) qFatal("no attention within a minute");
        settle(20);
    }
    settle(60);
}

void shootAttention()
{
    constexpr QSize kSmall(1264, 784), kLarge(2544, 1424);
    {
        FakeSession empty;
        AttentionPanel panel(empty);
        shoot(panel, u"attention-empty"_s, {980, 640});
        fill(empty);
        panel.setRun(u"shakes"_s);
        shoot(panel, u"attention-no-frames"_s, {980, 640});
    }
    FakeSession session;
    fill(session);
    session.specs[u"code-7M"_s] =
        uR"({"probes":{"prompts":["int main(int argc, char **argv) {\n  return argc;\n}","template <"]}})"_s;
    const SampleModel model;
    addSampleFrames(session, u"code-7M"_s, model, 821, 10, 9'000);
    AttentionPanel panel(session);
    panel.resize(kSmall);
    panel.show();
    panel.setRun(u"code-7M"_s);
    waitForAttention(panel);
    shoot(panel, u"attention-live"_s, kSmall);
    panel.goTo({.level = StageLevel::Head, .head = {3, 2}, .pinnedToken = 24});
    settle(60);
    shoot(panel, u"attention-head"_s, kSmall);
    for (const QString &ending : {u"png"_s, u"svg"_s, u"pdf"_s})
        if (!panel.save(folder + u"/attention-figure."_s + ending).ok()) qFatal("the figure was not saved");
    shoot(panel, u"attention-head-large"_s, kLarge);
    shoot(panel, u"attention-head-narrow"_s, {640, 640});
    shoot(panel, u"attention-head-window"_s, {1000, 720});
    panel.resize(kSmall);
    panel.ablate();
    settle(100);
    panel.stage()->head()->view()->setCursorCell({24, 4});
    shoot(panel, u"attention-ablated"_s, kSmall);
    panel.stage()->head()->view()->setCursorCell({});
    panel.feed()->goToStep(4'200);
    panel.scrubber()->slider()->setFocus();
    Q_EMIT panel.scrubber()->differenceChosen(true);
    waitForAttention(panel);
    settle(200);
    shoot(panel, u"attention-difference"_s, kSmall);
    Q_EMIT panel.scrubber()->differenceChosen(false);
    panel.stage()->overview()->view()->setSelected({{0, 0}, {3, 2}, {1, 4}});
    panel.goTo({.level = StageLevel::Head, .head = {0, 0}, .overlay = {{0, 0}, {3, 2}, {1, 4}}, .pinnedToken = 24});
    shoot(panel, u"attention-overlay"_s, kSmall);
    panel.goTo({.level = StageLevel::Overview, .head = {3, 2}});
    panel.findChild<QComboBox *>(u"headSort"_s)->setCurrentIndex(1);
    shoot(panel, u"attention-sorted"_s, kSmall);
    panel.findChild<QComboBox *>(u"headSort"_s)->setCurrentIndex(0);
    panel.goTo({.level = StageLevel::Head, .head = {3, 2}});
    panel.askModel();
    settle(200);
    shoot(panel, u"attention-asked"_s, kSmall);
    session.failNext[u"inspect"_s] =
        Error{ErrorCode::Unavailable, "Cannot look into \"code-7M@live\": its training has just ended.",
              "Ask a saved step."};
    panel.askModel();
    settle(200);
    shoot(panel, u"attention-error"_s, {980, 640});
}

void shootAttentionBig()
{
    FakeSession session;
    fill(session);
    SampleModel model;
    model.layers = 12;
    model.heads = 12;
    model.tokensPerCell = 2;
    const std::vector<std::string> once = model.words;
    model.words.insert(model.words.end(), once.begin(), once.end());
    session.specs[u"code-7M"_s] = uR"spec({"probes":{"prompts":["int main(int argc, char **argv)"]}})spec"_s;
    addSampleFrames(session, u"code-7M"_s, model, 400, 20, 9'000);
    AttentionPanel panel(session);
    panel.resize(1264, 784);
    panel.show();
    panel.setRun(u"code-7M"_s);
    waitForAttention(panel);
    shoot(panel, u"attentionbig-live"_s, {1264, 784});
    shoot(panel, u"attentionbig-live-large"_s, {2544, 1424});
    panel.goTo({.level = StageLevel::Head, .head = {5, 3}});
    shoot(panel, u"attentionbig-head"_s, {1264, 784});
    shoot(panel, u"attentionbig-head-large"_s, {2544, 1424});
}

} // namespace

int main(int argc, char **argv)
{
    QApplication application(argc, argv);
    folder = argc > 1 ? QString::fromLocal8Bit(argv[1]) : u"."_s;
    wanted = argc > 2 ? QString::fromLocal8Bit(argv[2]) : QString();
    QDir().mkpath(folder);
    Theme::instance().apply(application, ThemeKind::Light);
    setWallNowForTests(10'000.4);
    if (isWanted(u"runs"_s)) shootRuns();
    if (isWanted(u"form"_s)) shootForm();
    if (isWanted(u"play"_s)) shootPlay();
    if (isWanted(u"attach"_s)) shootAttachments();
    if (isWanted(u"talk"_s)) shootTalk();
    if (isWanted(u"media"_s)) {
        shootTalkMedia();
        shootMediaRun();
    }
    if (isWanted(u"plugins"_s)) shootPlugins();
    if (isWanted(u"attention"_s)) shootAttention();
    if (isWanted(u"attentionbig"_s)) shootAttentionBig();
    return 0;
}
