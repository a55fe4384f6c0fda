#pragma once
// What is to be repeated of a command on replicas and at the next start. By default its own words, if it changed anything.
// A handler whose words would not mean the same there or later (relative times, conditions, commands that older servers do
// not know) says what would.
//
// Lives for one command. Nothing is kept when nobody listens.

#include <initializer_list>
#include <span>
#include <string_view>

#include "engine/keyspace/effect_log.h"

namespace norn {

class Effect {
 public:
  // Nobody listens.
  Effect() = default;
  // `scratch` takes what Instead says.
  Effect(EffectLog* scratch, DbIndex db) : scratch_(scratch), db_(db) {}

  bool wanted() const { return scratch_ != nullptr; }

  // These words instead of the command's own; several calls, several commands, repeated as one transaction.
  void Instead(std::span<const std::string_view> words) {
    if (wanted()) scratch_->Add(db_, words);
    own_words_ = false;
  }
  void Instead(std::initializer_list<std::string_view> words) {
    Instead(std::span<const std::string_view>(words.begin(), words.size()));
  }
  // Repeat nothing, though something changed.
  void Nothing() { own_words_ = false; }
  // Repeat the command's own words, though nothing changed.
  void Always() { always_ = true; }
  // Repeat the command's own words on replicas, though it is no write; a log has no use for them.
  void OnReplicas() { on_replicas_ = true; }

  bool own_words() const { return own_words_; }
  bool always() const { return always_; }
  bool on_replicas() const { return on_replicas_; }

 private:
  EffectLog* scratch_ = nullptr;
  DbIndex db_;
  bool own_words_ = true;
  bool always_ = false;
  bool on_replicas_ = false;
};

}  // namespace norn
