for service in keystone glance placement nova neutron cinder; do
    install -d -o $service -g $service -m 750 /var/log/$service
    install -d -o $service -g $service -m 755 /var/lib/$service
done
install -d -o glance -g glance -m 750 /var/lib/glance/images
install -d -o cinder -g cinder -m 755 /var/lib/cinder/thin /var/lib/cinder/disk
install -d -o keystone -g keystone -m 700 /etc/keystone/fernet-keys /etc/keystone/credential-keys
install -d -m 755 /var/log/libvirt /var/log/libvirt/qemu /var/log/libvirt/lxc /srv/nfs
install -d -m 1777 /var/cache/citylab
install -d -m 755 /opt/citylab /etc/citycloud
touch -d @0 /opt/citylab
usermod -aG libvirt nova
rm -f /etc/libvirt/qemu/networks/autostart/*
