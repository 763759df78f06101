// SPDX-License-Identifier: Apache-2.0
#include "tests/base/check_result.h"

#include "core/spec/field_table.h"

#include <cmath>
#include <set>

using namespace orrery;

namespace {

const Field &fieldOf(const QString &key) { return *findField(key.toStdString()); }

} // namespace

class TestFieldTable : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void hasExactlyThePublishedKeys()
    {
        QStringList keys;
        for (const Field &field : specFields()) keys << qtext(field.key);
        const QString published =
            "name model.preset model.layers model.width model.heads model.kv_heads model.head_dim model.context model.window model.ffn "
            "model.ffn_width "
            "model.norm model.position model.rope_theta model.rope_factor model.rope_low_factor "
            "model.rope_high_factor model.rope_original_context model.norm_eps model.qk_norm model.bias model.tied model.dropout model.attention_dropout "
            "model.stochastic_depth "
            "model.block model.mask attention.num_modalities attention.separate attention.modality_dropout "
            "attention.z_loss media.image_size media.patch_size media.image_stem media.audio_tokens "
            "data.path data.tokenizer data.vocab_size data.special_tokens data.val_fraction "
            "train.steps "
            "train.batch_size train.accumulation train.dtype train.report_every train.eval_every "
            "train.eval_tokens "
            "train.checkpoint_every train.keep_last train.keep_best train.patience "
            "train.min_improvement objective.name objective.mix "
            "objective.span_mean continual.stages continual.strategy continual.buffer_percent "
            "continual.replay_share continual.distill_weight continual.ewc_lambda optimizer.name "
            "optimizer.lr "
            "optimizer.weight_decay optimizer.betas optimizer.eps optimizer.clip schedule.preset "
            "schedule.warmup_steps schedule.cycle_steps schedule.decay schedule.min_ratio "
            "schedule.total_steps "
            "probes.prompts probes.every probes.max_tokens probes.budget_percent probes.frames_every "
            "probes.overview_every probes.starred probes.frames_megabytes device threads seed";
        QCOMPARE(keys.join(' '), published);
    }
    void everyRecordIsComplete()
    {
        std::set<std::string> labels;
        for (const Field &field : specFields()) {
            const QString key = qtext(field.key);
            QVERIFY2(!field.label.empty() && !field.group.empty() && !field.owner.empty(), qPrintable(key));
            QVERIFY2(field.effect.ends_with('.'), qPrintable(key));
            QVERIFY2(field.type != FieldType::Unknown && !field.rangeText().empty(), qPrintable(key));
            QVERIFY2(labels.insert(field.label).second, qPrintable(key));
            QVERIFY2((field.type == FieldType::Choice) == !field.choices.empty(), qPrintable(key));
            VERIFY_OK(checkFieldValue(field, field.get(RunSpec{})));
        }
    }
    void onlyTheseChangeWhileRunning()
    {
        QStringList keys;
        for (const Field &field : specFields())
            if (field.change == FieldChange::WhileRunning) keys << qtext(field.key);
        QCOMPARE(
            keys.join(' '),
            QString(
                "model.dropout model.attention_dropout train.report_every train.eval_every train.checkpoint_every train.keep_last train.patience train.min_improvement "
                "optimizer.weight_decay optimizer.clip probes.prompts probes.every probes.max_tokens "
                    "probes.frames_every probes.overview_every probes.starred"));
        for (const QString &key : keys) VERIFY_OK(requireChangeableField(key.toStdString()));
        VERIFY_OK(requireChangeableField("lr_factor"));
        VERIFY_ERROR(requireChangeableField("optimizer.lr"), ErrorCode::InvalidInput,
                     "lr_factor, model.dropout");
        VERIFY_ERROR(
            requireChangeableField("plugins.memory.top_k"), ErrorCode::InvalidInput,
            "Cannot change \"plugins.memory.top_k\" of a run: it is frozen, expected one of lr_factor");
        VERIFY_ERROR(requireChangeableField("clip"), ErrorCode::InvalidInput,
                     "Did you mean \"optimizer.clip\"?");
    }
    void learningRateFactorIsNoPartOfASpec()
    {
        QVERIFY(findField("lr_factor") == nullptr);
        const Field &field = learningRateFactorField();
        VERIFY_OK(parseFieldValue(field, "0.5"));
        VERIFY_OK(parseFieldValue(field, "100"));
        VERIFY_ERROR(parseFieldValue(field, "0"), ErrorCode::InvalidInput, "lr_factor");
        VERIFY_ERROR(parseFieldValue(field, "100.1"), ErrorCode::InvalidInput,
                     "found 100.1, expected above 0 to 100");
        VERIFY_ERROR(parseFieldValue(field, "nan"), ErrorCode::InvalidInput, "found NaN");
    }
    void unknownKeysOfferTheNearest_data()
    {
        QTest::addColumn<QString>("typed");
        QTest::addColumn<QString>("offered");
        QTest::newRow("misspelt") << "model.layrs"
                                  << "\"model.layers\"";
        QTest::newRow("without its group") << "lr"
                                           << "\"optimizer.lr\"";
        QTest::newRow("other group") << "training.steps"
                                     << "\"train.steps\"";
        QTest::newRow("misspelt, without its group") << "batchsize"
                                                     << "\"train.batch_size\"";
        QTest::newRow("camel case") << "train.batchSize"
                                    << "\"train.batch_size\"";
        QTest::newRow("far from all") << "zzzzzzzzzzzz"
                                      << "schema spec";
    }
    void unknownKeysOfferTheNearest()
    {
        QFETCH(QString, typed);
        QFETCH(QString, offered);
        const auto result = requireField(typed.toStdString());
        VERIFY_ERROR(result, ErrorCode::InvalidInput, typed.toUtf8().constData());
        QVERIFY2(qtext(result.error().hint).contains(offered), result.error().hint.c_str());
    }
    void unknownKeysMayHoldAnything()
    {
        VERIFY_ERROR(requireField(std::string("\xff\x00\n", 3)), ErrorCode::InvalidInput, "unknown key");
        VERIFY_ERROR(requireField(std::string(100'000, 'x')), ErrorCode::InvalidInput, "unknown key");
        VERIFY_ERROR(requireField(""), ErrorCode::InvalidInput, "unknown key");
    }

    void readsWhatPeopleType_data()
    {
        QTest::addColumn<QString>("key");
        QTest::addColumn<QString>("typed");
        QTest::addColumn<QString>("value"); // as fieldValueText says it
        QTest::newRow("integer") << "train.steps"
                                 << " 250 "
                                 << "250";
        QTest::newRow("integer with exponent") << "train.steps"
                                               << "2e3"
                                               << "2000";
        QTest::newRow("plus sign") << "train.steps"
                                   << "+7"
                                   << "7";
        QTest::newRow("minus one") << "schedule.warmup_steps"
                                   << "-1"
                                   << "-1";
        QTest::newRow("real") << "optimizer.lr"
                              << "3e-4"
                              << "0.0003";
        QTest::newRow("whole real") << "optimizer.clip"
                                    << "2"
                                    << "2";
        QTest::newRow("on") << "model.tied"
                            << "on"
                            << "true";
        QTest::newRow("no") << "model.tied"
                            << "no"
                            << "false";
        QTest::newRow("choice") << "model.ffn"
                                << " gelu"
                                << "gelu";
        QTest::newRow("path keeps blanks") << "data.path"
                                           << "/a b "
                                           << "/a b ";
        QTest::newRow("numbers with blanks") << "optimizer.betas"
                                             << "0.9 0.99"
                                             << "0.9, 0.99";
        QTest::newRow("numbers with commas") << "optimizer.betas"
                                             << "0.9,0.99"
                                             << "0.9, 0.99";
        QTest::newRow("numbers in brackets") << "optimizer.betas"
                                             << "[0.9, 0.99]"
                                             << "0.9, 0.99";
        QTest::newRow("prompts by line") << "probes.prompts"
                                         << "The \r\n\nint x"
                                         << R"(["The ","int x"])";
        QTest::newRow("prompts as JSON") << "probes.prompts"
                                         << R"(["a\nb"])"
                                         << R"(["a\nb"])";
        QTest::newRow("no prompts") << "probes.prompts"
                                    << ""
                                    << "[]";
    }
    void readsWhatPeopleType()
    {
        QFETCH(QString, key);
        QFETCH(QString, typed);
        QFETCH(QString, value);
        const auto parsed = parseFieldValue(fieldOf(key), typed.toStdString());
        VERIFY_OK(parsed);
        QCOMPARE(qtext(fieldValueText(*parsed)), value);
        QVERIFY(*parseFieldValue(fieldOf(key), fieldValueText(*parsed)) == *parsed);
    }

    void refusesWithValueRuleAndNextStep_data()
    {
        QTest::addColumn<QString>("key");
        QTest::addColumn<QByteArray>("typed");
        QTest::addColumn<QString>("text");
        const auto row = [](const char *name, const char *key, const QByteArray &typed, const char *text) {
            QTest::newRow(name) << QString(key) << typed << QString(text);
        };
        row("word for integer", "train.steps", "many",
            "\"many\", expected a whole number, 1 … 1000000000. For example");
        row("fraction for integer", "model.layers", "4.5", "\"4.5\", expected a whole number");
        row("trailing letters", "train.steps", "10k", "\"10k\"");
        row("empty integer", "train.steps", "", "\"\"");
        row("too small", "train.steps", "0",
            "found 0, expected 1 … 1000000000. Set train.steps to at least 1.");
        row("too large", "model.layers", "257",
            "found 257, expected 1 … 256. Set model.layers to at most 256.");
        row("beyond 64 bits", "seed", "99999999999999999999", "expected a whole number");
        row("hexadecimal", "seed", "0x10", "0x10");
        row("zero rate", "optimizer.lr", "0", "found 0, expected above 0 to 10. Set optimizer.lr above 0.");
        row("one for dropout", "model.dropout", "1",
            "found 1, expected from 0 to below 1. Set model.dropout below 1.");
        row("infinity", "optimizer.clip", "inf", "found Inf");
        row("not a number", "optimizer.lr", "nan", "found NaN");
        row("overflowing real", "optimizer.lr", "1e999", "1e999");
        row("unknown choice", "model.ffn", "swigluu", "Did you mean \"swiglu\"?");
        row("no boolean", "model.tied", "maybe", "expected true or false");
        row("one beta", "optimizer.betas", "0.9", "found 1 numbers, expected 2 numbers");
        row("three betas", "optimizer.betas", "0.9,0.9,0.9", "found 3 numbers");
        row("beta of one", "optimizer.betas", "0.9,1", "found 1, expected 2 numbers, each from 0 to below 1");
        row("two weights", "objective.mix", "1,1", "found 2 numbers, expected 3 numbers, each 0 … 1000000");
        row("negative weight", "objective.mix", "1,-1,1", "found -1, expected 3 numbers");
        row("hanging comma", "optimizer.betas", "0.9,0.95,", "\"0.9,0.95,\"");
        row("double comma", "optimizer.betas", "0.9,,0.95", "\"0.9,,0.95\"");
        row("broken list", "probes.prompts", "[\"a\"", "expected a list of texts");
        row("list of numbers", "probes.prompts", "[1]", "expected a list of texts");
        row("broken UTF-8", "data.path", "/a\xff", "expected text in UTF-8");
        row("line break in a name", "name", "a\nb", "expected one line");
        row("NUL in a path", "data.path", QByteArray("/a\0b", 4), "expected one line");
        row("long text", "name", QByteArray(70'000, 'x'), "a text of 70000 bytes, expected at most 65536");
    }
    void refusesWithValueRuleAndNextStep()
    {
        QFETCH(QString, key);
        QFETCH(QByteArray, typed);
        QFETCH(QString, text);
        const auto parsed = parseFieldValue(fieldOf(key), typed.toStdString());
        VERIFY_ERROR(parsed, ErrorCode::InvalidInput, "Cannot set \"" + key.toUtf8());
        QVERIFY2(errorText(parsed).contains(text), qPrintable(errorText(parsed)));
        QVERIFY(!parsed.error().hint.empty());
    }
    void refusesValuesOfAnotherType()
    {
        for (const Field &field : specFields()) {
            const FieldValue wrong =
                field.type == FieldType::Bool ? FieldValue(std::string("x")) : FieldValue(true);
            VERIFY_ERROR(checkFieldValue(field, wrong), ErrorCode::InvalidInput, field.key.c_str());
        }
    }
    void everyNumberRefusesWhatIsJustOutside()
    {
        int numChecked = 0;
        for (const Field &field : specFields()) {
            if (field.type != FieldType::Integer && field.type != FieldType::Real &&
                field.type != FieldType::RealList)
                continue;
            const auto check = [&](double number) {
                if (field.type == FieldType::Integer)
                    return checkFieldValue(field, static_cast<int64_t>(number));
                if (field.type == FieldType::Real) return checkFieldValue(field, number);
                return checkFieldValue(field, std::vector<double>(field.listSize, number));
            };
            const bool isInteger = field.type == FieldType::Integer;
            const double below = isInteger ? field.minimum - 1 : std::nextafter(field.minimum, -INFINITY);
            const double above = isInteger ? field.maximum + 1 : std::nextafter(field.maximum, INFINITY);
            VERIFY_ERROR(check(below), ErrorCode::InvalidInput, field.key.c_str());
            VERIFY_ERROR(check(above), ErrorCode::InvalidInput, field.key.c_str());
            QCOMPARE(check(field.minimum).ok(), !field.minimumExclusive);
            QCOMPARE(check(field.maximum).ok(), !field.maximumExclusive);
            ++numChecked;
        }
        QCOMPARE(numChecked, 59);
    }
};

QTEST_GUILESS_MAIN(TestFieldTable)
#include "tst_field_table.moc"
