#pragma once
// A message of which one body goes to many (Network::send_each): digest and essence are made once
// and serve every receiver.
#include "sim/message.h"

namespace drey::sim {

template <class Derived>
struct SharedMessageOf : MessageOf<Derived> {
  void fold(Digest& into) const override {
    if (!known_) remember();
    into.fold(digest_);
  }
  Essence essence() const override {
    if (!known_) remember();
    return essence_;
  }
  bool perturb_field(uint64_t which) override {
    known_ = false;
    return MessageOf<Derived>::perturb_field(which);
  }

 private:
  void remember() const {
    Digest digest;
    MessageOf<Derived>::fold(digest);
    digest_ = digest.value();
    essence_ = MessageOf<Derived>::essence();
    known_ = true;
  }

  // Of fields that no longer change once the message was sent.
  mutable bool known_ = false;
  mutable Digest128 digest_;
  mutable Essence essence_{};
};

}  // namespace drey::sim
